// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import NetworkTypes

/// The name of a runtime that asks for interfaces, like `containerd` or `vm-runtime`.
public struct RuntimeName: Hashable, Sendable {
    /// The name.
    public let text: String

    /// A name of 1 to 63 letters, digits, `_`, `.` and `-`; nil for anything else.
    public init?(_ text: String) {
        guard (1...63).contains(text.utf8.count), isIdentifier(text) else { return nil }
        self.text = text
    }
}

/// What names an interface: the container and the interface's name in it.
public struct InterfaceKey: Hashable, Sendable {
    /// The container's or sandbox's id.
    public let containerID: ContainerID
    /// The name that CNI_IFNAME gave.
    public let interface: InterfaceName

    /// A key of a container and an interface name.
    public init(containerID: ContainerID, interface: InterfaceName) {
        self.containerID = containerID
        self.interface = interface
    }
}

/// The network that an interface is on.
public struct NetworkReference: Hashable, Sendable {
    /// The CNI network's name (`name` of the configuration).
    public var name: String
    /// The virtual network's fully qualified name, joined by colons; nil where OpenContrail is not
    /// involved.
    public var virtualNetwork: String?

    /// A CNI network and its virtual network.
    public init(name: String, virtualNetwork: String? = nil) {
        self.name = name
        self.virtualNetwork = virtualNetwork
    }
}

/// The pod that an interface belongs to.
public struct PodReference: Hashable, Sendable {
    /// The cluster's name in OpenContrail.
    public var cluster: String
    /// The Kubernetes namespace.
    public var namespace: String
    /// The pod's name.
    public var name: String
    /// The pod's UID; nil where nobody told.
    public var uid: String?

    /// A pod.
    public init(cluster: String, namespace: String, name: String, uid: String? = nil) {
        self.cluster = cluster
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }
}

/// The kernel's boot id (/proc/sys/kernel/random/boot_id).
public struct BootID: Hashable, Sendable {
    /// The id's text.
    public let text: String

    /// A boot id.
    public init(_ text: String) { self.text = text }
}

/// A network namespace: the one of the node, or one that a path names.
public enum NamespaceReference: Hashable, Sendable {
    /// The namespace in which the plugins, the agent and libvirtd run.
    case host
    /// A pod's namespace; device and inode tell whether the path still names the same one.
    case pod(path: String, device: UInt64, inode: UInt64)
}
