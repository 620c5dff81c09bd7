// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import Pods

extension PodSandboxConfiguration {
    init(_ message: CRIPodSandboxConfig) throws(PodServiceError) {
        guard message.hasMetadata else { throw .missing("metadata", of: "the sandbox's config") }
        self.init(metadata: try PodSandboxMetadata(message.metadata))
        hostname = message.hostname
        logDirectory = message.logDirectory
        if message.hasDnsConfig {
            dns = PodDNS(
                servers: message.dnsConfig.servers,
                searches: message.dnsConfig.searches,
                options: message.dnsConfig.options
            )
        }
        for mapping in message.portMappings { portMappings.append(try PortMapping(mapping)) }
        labels = message.labels
        annotations = message.annotations
        cgroupParent = message.linux.cgroupParent
        let context = message.linux.securityContext
        guard !context.hasRunAsGroup || context.hasRunAsUser else { throw .groupWithoutUser }
        namespaces = try PodNamespaces(message.linux.securityContext.namespaceOptions)
        isPrivileged = message.linux.securityContext.privileged
        sysctls = message.linux.sysctls
        if message.linux.hasOverhead { overhead = LinuxResources(message.linux.overhead) }
        if message.linux.hasResources { resources = LinuxResources(message.linux.resources) }
    }
}

extension PodSandboxConfiguration {
    /// The sandbox's configuration where a call says it again; nil where it does not, or sends an empty one.
    static func again(
        _ isThere: Bool,
        _ message: CRIPodSandboxConfig
    ) throws(PodServiceError) -> PodSandboxConfiguration? {
        guard isThere, message != CRIPodSandboxConfig() else { return nil }
        return try PodSandboxConfiguration(message)
    }
}

extension PodSandboxMetadata {
    init(_ message: CRIPodSandboxMetadata) throws(PodServiceError) {
        for (field, value) in [
            ("name", message.name), ("uid", message.uid), ("namespace", message.namespace),
        ]
        where value.isEmpty {
            throw .missing(field, of: "the sandbox's metadata")
        }
        self.init(
            name: message.name,
            uid: message.uid,
            namespace: message.namespace,
            attempt: message.attempt
        )
    }
}

extension PortMapping {
    init(_ message: CRIPortMapping) throws(PodServiceError) {
        let transport: Transport
        switch message.protocol {
        case .tcp: transport = .tcp
        case .udp: transport = .udp
        case .sctp: transport = .sctp
        case .UNRECOGNIZED(let value): throw .unknown(value, "a port's protocol")
        }
        guard let port = UInt16(exactly: message.containerPort), port > 0,
            let hostPort = UInt16(exactly: message.hostPort)
        else {
            throw PodServiceError(
                .invalidArgument,
                "the port mapping \(message.hostPort) to \(message.containerPort) is out of range"
            )
        }
        self.init(
            transport: transport,
            containerPort: port,
            hostPort: hostPort,
            hostAddress: message.hostIp
        )
    }
}

extension PodNamespaces {
    init(_ message: CRINamespaceOption) throws(PodServiceError) {
        self.init(
            network: try Mode(message.network),
            process: try Mode(message.pid),
            ipc: try Mode(message.ipc)
        )
    }
}

extension PodNamespaces.Mode {
    init(_ mode: CRINamespaceMode) throws(PodServiceError) {
        switch mode {
        case .pod: self = .pod
        case .container: self = .container
        case .node: self = .node
        case .target: self = .target
        case .UNRECOGNIZED(let value): throw .unknown(value, "a namespace's mode")
        }
    }
}

extension LinuxResources {
    init(_ message: CRILinuxContainerResources) {
        self.init()
        cpuPeriod = message.cpuPeriod
        cpuQuota = message.cpuQuota
        cpuShares = message.cpuShares
        memoryLimit = message.memoryLimitInBytes
        memorySwapLimit = message.memorySwapLimitInBytes
        oomScoreAdjustment = message.oomScoreAdj
        cpusetCPUs = message.cpusetCpus
        cpusetMemories = message.cpusetMems
        hugepageLimits = message.hugepageLimits.map { HugepageLimit(pageSize: $0.pageSize, limit: $0.limit) }
        unified = message.unified
    }
}

extension ContainerConfiguration {
    init(_ message: CRIContainerConfig) throws(PodServiceError) {
        guard message.hasMetadata else { throw .missing("metadata", of: "the container's config") }
        guard !message.metadata.name.isEmpty else { throw .missing("name", of: "the container's metadata") }
        self.init(
            metadata: ContainerMetadata(name: message.metadata.name, attempt: message.metadata.attempt),
            image: try ImageReference(named: message.image)
        )
        command = message.command
        arguments = message.args
        workingDirectory = message.workingDir
        environment = message.envs.map { EnvironmentVariable(name: $0.key, value: Array($0.value)) }
        for mount in message.mounts { mounts.append(try ContainerMount(mount)) }
        devices = message.devices.map {
            ContainerDevice(
                containerPath: $0.containerPath,
                hostPath: $0.hostPath,
                permissions: $0.permissions
            )
        }
        cdiDevices = message.cdiDevices.map(\.name)
        labels = message.labels
        annotations = message.annotations
        logPath = message.logPath
        hasStandardInput = message.stdin
        closesStandardInput = message.stdinOnce
        hasTerminal = message.tty
        if message.linux.hasResources { resources = LinuxResources(message.linux.resources) }
        let context = message.linux.securityContext
        guard !context.hasRunAsGroup || context.hasRunAsUser || !context.runAsUsername.isEmpty else {
            throw .groupWithoutUser
        }
        isPrivileged = context.privileged
    }
}

extension PodServiceError {
    /// The interface demands an error of runtimes here.
    fileprivate static var groupWithoutUser: PodServiceError {
        PodServiceError(.invalidArgument, "runAsGroup is set without runAsUser: set both, or none")
    }
}

extension ContainerMount {
    init(_ message: CRIMount) throws(PodServiceError) {
        self.init(
            containerPath: message.containerPath,
            hostPath: message.hostPath,
            isReadOnly: message.readonly
        )
        isRecursivelyReadOnly = message.recursiveReadOnly
        isRelabelled = message.selinuxRelabel
        switch message.propagation {
        case .propagationPrivate: propagation = .private
        case .propagationHostToContainer: propagation = .hostToContainer
        case .propagationBidirectional: propagation = .bidirectional
        case .UNRECOGNIZED(let value): throw .unknown(value, "a mount's propagation")
        }
        if !message.image.image.isEmpty { image = ImageReference(message.image) }
    }
}

extension ImageReference {
    init(_ message: CRIImageSpec) {
        self.init(
            message.image,
            annotations: message.annotations,
            userSpecifiedName: message.userSpecifiedImage,
            runtimeHandler: message.runtimeHandler
        )
    }

    /// A reference that must name an image.
    init(named message: CRIImageSpec) throws(PodServiceError) {
        guard !message.image.isEmpty else { throw PodServiceError(.invalidArgument, "the image has no name") }
        self.init(message)
    }
}

extension ImageCredentials {
    init(_ message: CRIAuthConfig) {
        self.init(
            user: message.username,
            password: message.password,
            basic: message.auth,
            server: message.serverAddress,
            identityToken: message.identityToken,
            bearerToken: message.registryToken
        )
    }
}
