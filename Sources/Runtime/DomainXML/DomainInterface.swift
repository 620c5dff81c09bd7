// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes
public import PreparedInterface
public import VMWrapper

/// A network interface of a domain.
public struct DomainInterface: Hashable, Sendable {
    /// The order among the VM's interfaces, which decides the PCI slot.
    public let index: Int
    /// The MAC address.
    public let mac: MACAddress
    /// The MTU that the guest is told.
    public let mtu: Int
    /// The queues to open: exactly so many on both sides.
    public let queues: Int
    /// What carries its frames.
    public let backend: Backend

    /// What carries an interface's frames.
    public enum Backend: Hashable, Sendable {
        /// A tap of this name, which libvirt opens in its own network namespace.
        case tap(InterfaceName)
        /// A tap in a pod's namespace: the process that starts the domain opens it, and the wrapper gets the
        /// descriptors.
        case wrappedTap
        /// A socket, by which another process sees the guest's memory.
        case vhostUser(path: String, listener: Attachment.VhostUser.Listener)
    }

    /// The most interfaces that a domain can have: slots 16 to 31 are theirs.
    public static let most = 16

    /// The most pairs of queues that an interface has, whatever the guest's processors are.
    ///
    /// The wrapper gets two descriptors for each in one message, which holds 64 of them.
    public static let mostQueues = 32

    /// The device for a prepared interface.
    /// - Parameters:
    ///   - prepared: The interface, as its record tells.
    ///   - index: The order among the VM's interfaces.
    ///   - vcpus: The guest's processors: more queues than these are of no use.
    /// - Throws: `DomainError` where no VM can have it.
    public init(_ prepared: PreparedInterface, index: Int, vcpus: Int) throws(DomainError) {
        let subject = "interface \(prepared.key.interface.text) of \(prepared.key.containerID.text)"
        guard index < Self.most else {
            throw DomainError(subject: subject, reason: "a VM has at most \(Self.most) interfaces")
        }
        self.index = index
        mac = prepared.guest.mac
        mtu = prepared.guest.mtu
        switch prepared.attachment {
        case .tap(let tap):
            queues = Self.queues(of: tap, vcpus: vcpus)
            switch tap.namespace {
            case .host: backend = .tap(tap.name)
            case .pod: backend = .wrappedTap
            }
        case .vhostUser(let socket):
            queues = max(1, min(vcpus, socket.mostQueues, Self.mostQueues))
            backend = .vhostUser(path: socket.path, listener: socket.listener)
        case .vlan(let vlan) where vlan.namespace == nil:
            throw DomainError(
                subject: subject,
                reason: "it is VLAN \(vlan.tag) of the guest's interface \(vlan.parent.text): "
                    + "the guest makes it itself, and no device is needed"
            )
        case .veth, .vlan, .macvlan:
            throw DomainError(
                subject: subject,
                reason: "it was prepared for a container, not for a VM; the network's plugins must know the "
                    + "capability vmInterface, or tap-bridge must follow them in the list"
            )
        }
    }

    /// A multi-queue tap cannot be opened for one queue, and a single-queue tap not for two: EINVAL.
    public static func queues(of tap: Attachment.Tap, vcpus: Int) -> Int {
        tap.isMultiQueue ? max(2, min(vcpus, tap.mostQueues, mostQueues)) : 1
    }

    /// The PCI slot: the same in every start of the VM.
    var slot: Int { 16 + index }

    /// The device's name for libvirt; names of ours begin with "ua-".
    var alias: String { "ua-net\(index)" }

    var isVhostUser: Bool {
        if case .vhostUser = backend { true } else { false }
    }

    /// What the wrapper is told of this interface; nil where libvirt opens the tap.
    /// - Parameters:
    ///   - board: The board, whose root bus has the slot.
    ///   - vhosts: Whether the kernel's vhost-net serves the queues.
    /// - Returns: The interface, ready to be written into the wrapper's environment.
    public func wrapped(on board: Domain.Board, vhosts: Bool) -> WrappedInterface? {
        guard backend == .wrappedTap else { return nil }
        return WrappedInterface(
            index: index,
            queues: queues,
            vhosts: vhosts ? queues : 0,
            mac: mac.text,
            mtu: mtu,
            bus: board.rootBus,
            slot: slot
        )
    }
}

/// Why a domain cannot be described.
public struct DomainError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it is about.
    public let subject: String
    /// What is wrong with it.
    public let reason: String

    /// What it is about and what is wrong.
    public var description: String { "\(subject): \(reason)" }
}
