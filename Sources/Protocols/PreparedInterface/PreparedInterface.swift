// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// One network interface that a CNI plugin prepared: all that the runtime needs to hand it to a guest, and
/// all that DEL needs to undo it.
///
/// The contract is `docs/prepared-interface.md`.
///
/// The same type serves as the plan, which is saved before the first effect: there the addresses may still
/// be unknown, and `created` holds what is going to be made.
public struct PreparedInterface: Hashable, Sendable {
    /// The version of the JSON form.
    ///
    /// Records of version 1 lack `addedWith`, `bandwidth` and the kinds that came later, and are read as well; a
    /// record of any other version is refused.
    public static let schema = 2

    /// The container and the interface's name in it; also the record's file name.
    public var key: InterfaceKey
    /// CNI_IFNAME of the ADD that made it: one ADD can make all interfaces of a pod, and its DEL removes them.
    public var addedWith: InterfaceName
    /// The runtime that asked for it.
    ///
    /// Garbage collection never touches another runtime's.
    public var owner: RuntimeName
    /// The network it is on.
    public var network: NetworkReference
    /// The pod it belongs to.
    public var pod: PodReference
    /// The boot in which it was made: devices of an earlier boot are gone.
    public var bootID: BootID
    /// The order among the pod's interfaces, from 0.
    public var index: Int
    /// What the guest, or the container, must see.
    public var guest: GuestConfiguration
    /// How the device reaches it.
    public var attachment: Attachment
    /// What the last plugin of the chain made, in order; undone backwards.
    ///
    /// What it found is not in here.
    public var created: [KernelObject]
    /// What a chained plugin found and replaced; its DEL puts it back.
    public var former: Former?
    /// The vRouter port; absent where another CNI plugin owns the network, and for a sub-interface.
    public var port: VRouterPort?
    /// The vRouter's sub-interface, where it is one.
    public var subInterface: VRouterSubInterface?
    /// The limits on its traffic; nil where there are none.
    public var bandwidth: Bandwidth?

    /// All that is to be removed, in the order in which it was made: also what the plugins before made.
    public var allCreated: [KernelObject] { (former?.created ?? []) + created }

    /// The virtual machine interface at the agent; nil where another CNI plugin owns the network.
    public var vmi: UUID? { port?.vmi ?? subInterface?.vmi }

    /// An attachment that a chained plugin replaced.
    public struct Former: Hashable, Sendable {
        /// The attachment as the plugin before left it.
        public var attachment: Attachment
        /// What that plugin made.
        public var created: [KernelObject]
        /// Who had asked for it.
        public var owner: RuntimeName

        /// An attachment, what was made for it and for whom.
        public init(attachment: Attachment, created: [KernelObject], owner: RuntimeName) {
            self.attachment = attachment
            self.created = created
            self.owner = owner
        }
    }

    /// A prepared interface.
    public init(
        key: InterfaceKey,
        addedWith: InterfaceName? = nil,
        owner: RuntimeName,
        network: NetworkReference,
        pod: PodReference,
        bootID: BootID,
        index: Int,
        guest: GuestConfiguration,
        attachment: Attachment,
        created: [KernelObject],
        former: Former? = nil,
        port: VRouterPort? = nil,
        subInterface: VRouterSubInterface? = nil,
        bandwidth: Bandwidth? = nil
    ) {
        self.key = key
        self.addedWith = addedWith ?? key.interface
        self.owner = owner
        self.network = network
        self.pod = pod
        self.bootID = bootID
        self.index = index
        self.guest = guest
        self.attachment = attachment
        self.created = created
        self.former = former
        self.port = port
        self.subInterface = subInterface
        self.bandwidth = bandwidth
    }
}
