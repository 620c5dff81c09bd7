// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import Foundation
import Pods

extension CRIVersionResponse {
    init(_ version: RuntimeVersion) {
        self.init()
        // The version of kubelet's own call; it has been this since the beginning.
        self.version = "0.1.0"
        runtimeName = version.name
        runtimeVersion = version.version
        runtimeApiVersion = RuntimeVersion.api
    }
}

extension CRIStatusResponse {
    init(_ status: RuntimeStatus) {
        self.init()
        self.status.conditions = [
            CRIRuntimeCondition("RuntimeReady", status.runtime),
            CRIRuntimeCondition("NetworkReady", status.network),
        ]
        info = status.details
        // The default handler has no name; no handler has features, which would be containers'.
        runtimeHandlers = ([""] + status.handlers).map { .with(\.name, $0) }
    }
}

extension CRIRuntimeCondition {
    init(_ type: String, _ readiness: RuntimeStatus.Readiness) {
        self.init()
        self.type = type
        switch readiness {
        case .ready: status = true
        case .notReady(let reason, let message):
            self.reason = reason
            self.message = message
        }
    }
}

extension CRIRuntimeConfigResponse {
    init(_ driver: CgroupDriver) {
        self.init()
        switch driver {
        case .systemd: linux.cgroupDriver = .systemd
        case .cgroupfs: linux.cgroupDriver = .cgroupfs
        }
    }
}

extension CRIPodSandboxMetadata {
    init(_ metadata: PodSandboxMetadata) {
        self.init()
        name = metadata.name
        uid = metadata.uid
        namespace = metadata.namespace
        attempt = metadata.attempt
    }
}

extension CRIPodSandboxState {
    init(_ state: PodSandboxState) { self = state == .ready ? .sandboxReady : .sandboxNotready }
}

extension CRIPodSandbox {
    init(_ sandbox: PodSandbox) {
        self.init()
        id = sandbox.id
        metadata = CRIPodSandboxMetadata(sandbox.metadata)
        state = CRIPodSandboxState(sandbox.state)
        createdAt = sandbox.createdAt
        labels = sandbox.labels
        annotations = sandbox.annotations
        runtimeHandler = sandbox.runtimeHandler
    }
}

extension CRIPodSandboxStatusResponse {
    init(_ status: PodSandboxStatus) {
        self.init()
        let sandbox = status.sandbox
        self.status.id = sandbox.id
        self.status.metadata = CRIPodSandboxMetadata(sandbox.metadata)
        self.status.state = CRIPodSandboxState(sandbox.state)
        self.status.createdAt = sandbox.createdAt
        self.status.labels = sandbox.labels
        self.status.annotations = sandbox.annotations
        self.status.runtimeHandler = sandbox.runtimeHandler
        if let first = status.addresses.first {
            self.status.network.ip = first
            self.status.network.additionalIps = status.addresses.dropFirst().map { .with(\.ip, $0) }
        } else {
            self.status.network = CRIPodSandboxNetworkStatus()
        }
        self.status.linux.namespaces.options = CRINamespaceOption(status.namespaces)
        info = status.details
    }
}

extension CRINamespaceOption {
    init(_ namespaces: PodNamespaces) {
        self.init()
        network = CRINamespaceMode(namespaces.network)
        pid = CRINamespaceMode(namespaces.process)
        ipc = CRINamespaceMode(namespaces.ipc)
    }
}

extension CRINamespaceMode {
    init(_ mode: PodNamespaces.Mode) {
        switch mode {
        case .pod: self = .pod
        case .container: self = .container
        case .node: self = .node
        case .target: self = .target
        }
    }
}

extension CRIContainerState {
    init(_ state: ContainerState) {
        switch state {
        case .created: self = .containerCreated
        case .running: self = .containerRunning
        case .exited: self = .containerExited
        case .unknown: self = .containerUnknown
        }
    }
}

extension CRIContainerMetadata {
    init(_ metadata: ContainerMetadata) {
        self.init()
        name = metadata.name
        attempt = metadata.attempt
    }
}

extension CRIContainer {
    init(_ container: Container) {
        self.init()
        id = container.id
        podSandboxID = container.sandboxID
        metadata = CRIContainerMetadata(container.metadata)
        image = CRIImageSpec(container.image)
        imageRef = container.imageID
        imageID = container.imageID
        state = CRIContainerState(container.state)
        createdAt = container.createdAt
        labels = container.labels
        annotations = container.annotations
    }
}

extension CRIContainerStatusResponse {
    init(_ status: ContainerStatus) {
        self.init()
        let container = status.container
        self.status.id = container.id
        self.status.metadata = CRIContainerMetadata(container.metadata)
        self.status.state = CRIContainerState(container.state)
        self.status.createdAt = container.createdAt
        self.status.startedAt = status.startedAt
        self.status.finishedAt = status.finishedAt
        self.status.exitCode = status.exitCode
        self.status.image = CRIImageSpec(container.image)
        self.status.imageRef = container.imageID
        self.status.imageID = container.imageID
        self.status.reason = status.reason
        self.status.message = status.message
        self.status.labels = container.labels
        self.status.annotations = container.annotations
        self.status.mounts = status.mounts.map { CRIMount($0) }
        self.status.logPath = status.logPath
        if let resources = status.resources {
            self.status.resources.linux = CRILinuxContainerResources(resources)
        }
        info = status.details
    }
}

extension CRIMount {
    init(_ mount: ContainerMount) {
        self.init()
        containerPath = mount.containerPath
        hostPath = mount.hostPath
        readonly = mount.isReadOnly
        recursiveReadOnly = mount.isRecursivelyReadOnly
        selinuxRelabel = mount.isRelabelled
        switch mount.propagation {
        case .private: propagation = .propagationPrivate
        case .hostToContainer: propagation = .propagationHostToContainer
        case .bidirectional: propagation = .propagationBidirectional
        }
        if let image = mount.image { self.image = CRIImageSpec(image) }
    }
}

extension CRILinuxContainerResources {
    init(_ resources: LinuxResources) {
        self.init()
        cpuPeriod = resources.cpuPeriod
        cpuQuota = resources.cpuQuota
        cpuShares = resources.cpuShares
        memoryLimitInBytes = resources.memoryLimit
        memorySwapLimitInBytes = resources.memorySwapLimit
        oomScoreAdj = resources.oomScoreAdjustment
        cpusetCpus = resources.cpusetCPUs
        cpusetMems = resources.cpusetMemories
        hugepageLimits = resources.hugepageLimits.map { limit in
            var message = CRIHugepageLimit()
            message.pageSize = limit.pageSize
            message.limit = limit.limit
            return message
        }
        unified = resources.unified
    }
}

extension CRIImageSpec {
    init(_ reference: ImageReference) {
        self.init()
        image = reference.name
        annotations = reference.annotations
        userSpecifiedImage = reference.userSpecifiedName
        runtimeHandler = reference.runtimeHandler
    }
}

extension CRIImage {
    init(_ image: ImageStatus) {
        self.init()
        id = image.id
        repoTags = image.tags
        repoDigests = image.digests
        size = image.size
        spec = CRIImageSpec(image.reference)
        pinned = image.isPinned
    }
}

extension CRIImageStatusResponse {
    init(_ image: ImageStatus?) {
        self.init()
        guard let image else { return }
        self.image = CRIImage(image)
        info = image.details
    }
}

extension CRIFilesystemUsage {
    init(_ usage: FilesystemUsage) {
        self.init()
        timestamp = usage.measuredAt
        fsID.mountpoint = usage.path
        usedBytes.value = usage.usedBytes
        inodesUsed.value = usage.usedInodes
    }
}
