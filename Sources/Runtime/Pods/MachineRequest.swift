// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A machine that an operator asks for: a pod of one VM, with what the Container Runtime Interface can't carry.
public struct MachineRequest: Hashable, Sendable {
    /// The label of sandbox and container that holds a machine's name; lists show it, nothing else is read from it.
    public static let label = "contrail-vm/machine"

    /// The name, which is also the guest's host name.
    public var name: String
    /// The pod's namespace, as the network's plugins are told.
    public var podNamespace = "default"
    /// The pod's name, as the network's plugins are told; the machine's by default.
    public var podName: String
    /// What its disk lies on.
    public var image: Image
    /// The guest's memory.
    public var memoryMiB = 512
    /// The guest's processors.
    public var vcpus = 1
    /// The board, `pc` or `q35`; nil for the node's.
    public var machineType: String?
    /// What runs the guest's instructions, `kvm` or `tcg`; nil for the node's.
    public var accelerator: String?
    /// Where its interfaces come from.
    public var network: Network
    /// What cloud-init tells the guest.
    public var guest = Guest()

    /// What a machine's disk lies on; it is never written.
    public enum Image: Hashable, Sendable {
        /// An image of the store, by its name or id.
        case named(String)
        /// A file on the node, by its absolute path.
        case file(String)
    }

    /// Where a machine's interfaces come from.
    public enum Network: Hashable, Sendable {
        /// CNI network configuration lists in JSON: eth0, eth1, ...
        case lists([String])
        /// A sandbox that others made: its interfaces are recorded already, and no plugin is run.
        case prepared(sandbox: String)
        /// Nowhere: it has none.
        case none
    }

    /// What cloud-init tells a machine's guest.
    public struct Guest: Hashable, Sendable {
        /// Public SSH keys of the image's default user.
        public var sshKeys: [String] = []
        /// User-data in any form that cloud-init knows, also packed by gzip; empty for none.
        public var userData: [UInt8] = []
        /// Where the user-data is from, for errors.
        public var userDataSource = ""
        /// Whether the guest asks DHCP for IPv4 even where its addresses are known.
        public var asksDHCP = false
        /// Whether the seed has no network-config.
        public var configuresItself = false
        /// The version of the network-config, 1 or 2.
        public var networkVersion = 2
        /// The resolver instead of the network's.
        public var dns = PodDNS()

        /// A guest that is told its network alone.
        public init() {}
    }

    /// A machine with the defaults.
    public init(name: String, image: Image, network: Network) {
        self.name = name
        podName = name
        self.image = image
        self.network = network
    }
}
