// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// How a device reaches the guest or the container.
public enum Attachment: Hashable, Sendable {
    /// A veth pair: one end on the node, one in the pod's namespace under the interface's name.
    case veth(Veth)
    /// A tap that the VM monitor opens.
    case tap(Tap)
    /// A socket at which vRouter-DPDK and the VM monitor share frames.
    case vhostUser(VhostUser)
    /// A VLAN of another interface of the pod.
    case vlan(VLAN)
    /// A macvlan in the pod's namespace, on a VLAN device of the node.
    case macvlan(Macvlan)

    /// A veth pair.
    public struct Veth: Hashable, Sendable {
        /// The end on the node; nil where another plugin made the pair and did not tell.
        public var host: InterfaceName?
        /// The namespace of the pod's end, which bears the interface's name.
        public var namespace: NamespaceReference

        /// A veth pair.
        public init(host: InterfaceName?, namespace: NamespaceReference) {
            self.host = host
            self.namespace = namespace
        }
    }

    /// A tap for a VM.
    public struct Tap: Hashable, Sendable {
        /// The device's name.
        public var name: InterfaceName
        /// Where the device is.
        public var namespace: NamespaceReference
        /// Whether it was made with IFF_MULTI_QUEUE: then it must be opened with it, too.
        public var isMultiQueue: Bool
        /// The most queues that the VM may open.
        public var mostQueues: Int
        /// Whether it was made with IFF_VNET_HDR: then it must be opened with it, or offloads are lost.
        public var hasVnetHeader: Bool
        /// The only user id, besides root, that may open it (TUNSETOWNER).
        public var ownerUID: UInt32
        /// How frames get from the tap to the network.
        public var joinedBy: Joining

        /// A tap.
        public init(
            name: InterfaceName,
            namespace: NamespaceReference,
            isMultiQueue: Bool,
            mostQueues: Int,
            hasVnetHeader: Bool,
            ownerUID: UInt32,
            joinedBy: Joining
        ) {
            self.name = name
            self.namespace = namespace
            self.isMultiQueue = isMultiQueue
            self.mostQueues = mostQueues
            self.hasVnetHeader = hasVnetHeader
            self.ownerUID = ownerUID
            self.joinedBy = joinedBy
        }
    }

    /// A vhost-user socket.
    public struct VhostUser: Hashable, Sendable {
        /// The socket's path, at most 107 bytes.
        public var path: String
        /// Who listens at it.
        public var listener: Listener
        /// The most queue pairs that the VM may use.
        public var mostQueues: Int
        /// The user that the VM monitor runs as.
        public var ownerUID: UInt32

        /// Who listens at a vhost-user socket.
        public enum Listener: String, Hashable, Sendable {
            /// The VM monitor; the vRouter connects, and again after its own restart.
            case guest
            /// The vRouter.
            case vrouter
        }

        /// A socket.
        public init(path: String, listener: Listener, mostQueues: Int, ownerUID: UInt32) {
            self.path = path
            self.listener = listener
            self.mostQueues = mostQueues
            self.ownerUID = ownerUID
        }
    }

    /// A VLAN of another interface of the same pod.
    public struct VLAN: Hashable, Sendable {
        /// The name of the pod's interface whose frames bear the tag.
        public var parent: InterfaceName
        /// The 802.1Q tag, 1 to 4094.
        public var tag: Int
        /// The namespace of the device, which bears the interface's name; nil: nothing was made, because the
        /// guest makes the device.
        public var namespace: NamespaceReference?

        /// A VLAN of an interface.
        public init(parent: InterfaceName, tag: Int, namespace: NamespaceReference?) {
            self.parent = parent
            self.tag = tag
            self.namespace = namespace
        }
    }

    /// A macvlan in VEPA mode on a VLAN device: how a node that itself is a VM on an OpenContrail network gives
    /// a pod a place on it.
    public struct Macvlan: Hashable, Sendable {
        /// The VLAN device on the node.
        public var host: InterfaceName
        /// The node's interface below it.
        public var parent: InterfaceName
        /// The 802.1Q tag, 1 to 4094.
        public var tag: Int
        /// The namespace of the macvlan, which bears the interface's name.
        public var namespace: NamespaceReference

        /// A macvlan.
        public init(host: InterfaceName, parent: InterfaceName, tag: Int, namespace: NamespaceReference) {
            self.host = host
            self.parent = parent
            self.tag = tag
            self.namespace = namespace
        }
    }

    /// How a tap is joined to the network.
    public enum Joining: String, Hashable, Sendable {
        /// The tap itself is the vRouter's port.
        case direct
        /// tc redirects frames between the tap and the pod's veth, both ways.
        case redirect
    }
}

extension Attachment {
    /// The pod's namespace, where a device in it bears the interface's name; nil where a VM has the device.
    public var podNamespace: NamespaceReference? {
        switch self {
        case .veth(let veth): veth.namespace
        case .vlan(let vlan): vlan.namespace
        case .macvlan(let macvlan): macvlan.namespace
        case .tap, .vhostUser: nil
        }
    }

    /// The VLAN tag of a sub-interface.
    public var tag: Int? {
        switch self {
        case .vlan(let vlan): vlan.tag
        case .macvlan(let macvlan): macvlan.tag
        case .veth, .tap, .vhostUser: nil
        }
    }
}

/// Something in the kernel, or a file, that a plugin made or caused, and DEL removes.
public enum KernelObject: Hashable, Sendable {
    /// A network device.
    ///
    /// Removing one end of a veth pair removes the other.
    case link(name: InterfaceName, namespace: NamespaceReference)
    /// An ingress qdisc with all its filters.
    case ingressQdisc(device: InterfaceName, namespace: NamespaceReference)
    /// Our redirect filter on a device whose ingress qdisc others made.
    case redirectFilter(device: InterfaceName, namespace: NamespaceReference)
    /// A file or a socket's name.
    case file(path: String)
}

/// The vRouter's port behind an interface.
public struct VRouterPort: Hashable, Sendable {
    /// The agent's table that it is in.
    public var kind: Kind
    /// The virtual machine's UUID: the pod's, as the agent knows it.
    public var vm: UUID
    /// The virtual machine interface's UUID.
    public var vmi: UUID
    /// The virtual network's UUID.
    public var vn: UUID
    /// The name under which the agent knows the pod: `cluster__namespace__pod`.
    public var vmName: String
    /// The device's name at the agent.
    public var systemName: String
    /// The agent's address and port, like `127.0.0.1:9091`.
    public var agent: String
    /// The agent-format file that we wrote, which the agent reads at its restart.
    public var file: String

    /// Which of the agent's two tables holds a port.
    public enum Kind: String, Hashable, Sendable {
        /// `POST /vm`: containers and direct taps.
        case vm
        /// `POST /port`: vhost-user.
        case port
    }

    /// A port.
    public init(
        kind: Kind,
        vm: UUID,
        vmi: UUID,
        vn: UUID,
        vmName: String,
        systemName: String,
        agent: String,
        file: String
    ) {
        self.kind = kind
        self.vm = vm
        self.vmi = vmi
        self.vn = vn
        self.vmName = vmName
        self.systemName = systemName
        self.agent = agent
        self.file = file
    }
}

/// The vRouter's sub-interface behind an interface: a VLAN of another interface's port.
///
/// The agent makes it from its configuration: it has no port of its own, and nobody is told of it.
public struct VRouterSubInterface: Hashable, Sendable {
    /// The virtual machine's UUID: the pod's, as the agent knows it.
    public var vm: UUID
    /// The virtual machine interface's UUID.
    public var vmi: UUID
    /// The virtual network's UUID.
    public var vn: UUID

    /// A sub-interface.
    public init(vm: UUID, vmi: UUID, vn: UUID) {
        self.vm = vm
        self.vmi = vmi
        self.vn = vn
    }
}
