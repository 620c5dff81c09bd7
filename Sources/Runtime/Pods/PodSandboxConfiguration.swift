// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The sandbox that a caller asks for.
public struct PodSandboxConfiguration: Hashable, Sendable {
    /// Which pod's attempt it is.
    public var metadata: PodSandboxMetadata
    /// The host name of the pod; empty for the node's.
    public var hostname: String
    /// The folder of the containers' logs; empty for none.
    public var logDirectory: String
    /// DNS as kubelet wants it; nil where the caller left it to us.
    public var dns: PodDNS?
    /// Ports of the node that shall lead to the pod.
    public var portMappings: [PortMapping]
    /// Labels, to be given back.
    public var labels: [String: String]
    /// Annotations, to be given back; the pod's wishes are among them.
    public var annotations: [String: String]
    /// The cgroup in which the pod shall live, in the cgroup driver's notation; empty for none.
    public var cgroupParent: String
    /// Which namespaces the pod has of its own.
    public var namespaces: PodNamespaces
    /// Whether the pod asks for privileges on the node.
    public var isPrivileged: Bool
    /// Kernel parameters of the pod.
    public var sysctls: [String: String]
    /// What the RuntimeClass adds to the containers' needs; nil where the caller does not tell.
    public var overhead: LinuxResources?
    /// The sum of the containers' needs; nil where the caller does not tell.
    public var resources: LinuxResources?

    /// A configuration with nothing but what it must have.
    public init(metadata: PodSandboxMetadata) {
        self.metadata = metadata
        hostname = ""
        logDirectory = ""
        portMappings = []
        labels = [:]
        annotations = [:]
        cgroupParent = ""
        namespaces = PodNamespaces()
        isPrivileged = false
        sysctls = [:]
    }
}

/// DNS of a pod.
public struct PodDNS: Hashable, Sendable {
    /// Servers' addresses, as they came.
    public var servers: [String]
    /// Domains to search.
    public var searches: [String]
    /// Options of resolv.conf(5).
    public var options: [String]

    /// DNS.
    public init(servers: [String] = [], searches: [String] = [], options: [String] = []) {
        self.servers = servers
        self.searches = searches
        self.options = options
    }
}

/// A port of the node that leads to a port of the pod.
public struct PortMapping: Hashable, Sendable {
    /// The transport.
    public enum Transport: String, Hashable, Sendable {
        /// TCP.
        case tcp
        /// UDP.
        case udp
        /// SCTP.
        case sctp
    }

    /// The transport.
    public var transport: Transport
    /// The pod's port, 1 to 65535.
    public var containerPort: UInt16
    /// The node's port; 0 for none, which is how kubelet tells ports that are only named.
    public var hostPort: UInt16
    /// The node's address; empty for all.
    public var hostAddress: String

    /// A mapping.
    public init(transport: Transport, containerPort: UInt16, hostPort: UInt16, hostAddress: String = "") {
        self.transport = transport
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.hostAddress = hostAddress
    }
}

/// Whose namespaces a pod has.
public struct PodNamespaces: Hashable, Sendable {
    /// Whose namespace of a kind it is.
    public enum Mode: String, Hashable, Sendable {
        /// The pod's own.
        case pod
        /// Each container's own.
        case container
        /// The node's.
        case node
        /// Another container's.
        case target
    }

    /// The network namespace.
    public var network: Mode
    /// The process namespace.
    public var process: Mode
    /// The namespace of System V IPC.
    public var ipc: Mode

    /// Namespaces; by default what the API's defaults are.
    public init(network: Mode = .pod, process: Mode = .pod, ipc: Mode = .pod) {
        self.network = network
        self.process = process
        self.ipc = ipc
    }
}
