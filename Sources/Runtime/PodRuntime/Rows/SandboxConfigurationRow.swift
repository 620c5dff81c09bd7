// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// A sandbox's configuration within its row.
struct SandboxConfigurationRow: Codable {
    struct Metadata: Codable {
        var name: String
        var uid: String
        var namespace: String
        var attempt: UInt32
    }

    struct DNS: Codable {
        var servers: [String]
        var searches: [String]
        var options: [String]
    }

    struct Port: Codable {
        var transport: String
        var containerPort: UInt16
        var hostPort: UInt16
        var hostAddress: String
    }

    struct Namespaces: Codable {
        var network: String
        var process: String
        var ipc: String
    }

    var metadata: Metadata
    var hostname: String
    var logDirectory: String
    var dns: DNS?
    var portMappings: [Port]
    var labels: [String: String]
    var annotations: [String: String]
    var cgroupParent: String
    var namespaces: Namespaces
    var isPrivileged: Bool
    var sysctls: [String: String]
    var overhead: ResourcesRow?
    var resources: ResourcesRow?

    init(_ configuration: PodSandboxConfiguration) {
        metadata = Metadata(
            name: configuration.metadata.name,
            uid: configuration.metadata.uid,
            namespace: configuration.metadata.namespace,
            attempt: configuration.metadata.attempt
        )
        hostname = configuration.hostname
        logDirectory = configuration.logDirectory
        dns = configuration.dns.map {
            DNS(servers: $0.servers, searches: $0.searches, options: $0.options)
        }
        portMappings = configuration.portMappings.map {
            Port(
                transport: $0.transport.rawValue,
                containerPort: $0.containerPort,
                hostPort: $0.hostPort,
                hostAddress: $0.hostAddress
            )
        }
        labels = configuration.labels
        annotations = configuration.annotations
        cgroupParent = configuration.cgroupParent
        namespaces = Namespaces(
            network: configuration.namespaces.network.rawValue,
            process: configuration.namespaces.process.rawValue,
            ipc: configuration.namespaces.ipc.rawValue
        )
        isPrivileged = configuration.isPrivileged
        sysctls = configuration.sysctls
        overhead = configuration.overhead.map { ResourcesRow($0) }
        resources = configuration.resources.map { ResourcesRow($0) }
    }

    func value() throws(RowError) -> PodSandboxConfiguration {
        var configuration = PodSandboxConfiguration(
            metadata: PodSandboxMetadata(
                name: metadata.name,
                uid: metadata.uid,
                namespace: metadata.namespace,
                attempt: metadata.attempt
            )
        )
        configuration.hostname = hostname
        configuration.logDirectory = logDirectory
        configuration.dns = dns.map {
            PodDNS(servers: $0.servers, searches: $0.searches, options: $0.options)
        }
        for port in portMappings {
            configuration.portMappings.append(
                PortMapping(
                    transport: try meaning(port.transport, "transport"),
                    containerPort: port.containerPort,
                    hostPort: port.hostPort,
                    hostAddress: port.hostAddress
                )
            )
        }
        configuration.labels = labels
        configuration.annotations = annotations
        configuration.cgroupParent = cgroupParent
        configuration.namespaces = PodNamespaces(
            network: try meaning(namespaces.network, "network"),
            process: try meaning(namespaces.process, "process"),
            ipc: try meaning(namespaces.ipc, "ipc")
        )
        configuration.isPrivileged = isPrivileged
        configuration.sysctls = sysctls
        configuration.overhead = overhead?.value
        configuration.resources = resources?.value
        return configuration
    }
}
