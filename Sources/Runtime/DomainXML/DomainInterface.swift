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
    /// The tap's name.
    public let tap: InterfaceName
    /// Who opens the tap.
    public let opening: Opening

    /// Who opens a tap.
    public enum Opening: Hashable, Sendable {
        /// libvirt, in its own network namespace.
        case libvirt
        /// The process that starts the domain, in a pod's namespace; the wrapper gets the descriptors.
        case wrapper
    }

    /// The most interfaces that a domain can have: slots 16 to 31 are theirs.
    public static let most = 16

    /// The device for a prepared interface.
    /// - Parameters:
    ///   - prepared: The interface, as its record tells.
    ///   - index: The order among the VM's interfaces.
    ///   - vcpus: The guest's processors: more queues than these are of no use.
    /// - Throws: `DomainError` where no VM can have it.
    public init(_ prepared: PreparedInterface, index: Int, vcpus: Int) throws(DomainError) {
        let subject = "interface \(prepared.key.interface.text) of \(prepared.key.containerID.text)"
        guard case .tap(let tap) = prepared.attachment else {
            throw DomainError(subject: subject, reason: Self.reason(against: prepared.attachment))
        }
        guard index < Self.most else {
            throw DomainError(subject: subject, reason: "a VM has at most \(Self.most) interfaces")
        }
        self.index = index
        mac = prepared.guest.mac
        mtu = prepared.guest.mtu
        queues = Self.queues(of: tap, vcpus: vcpus)
        self.tap = tap.name
        switch tap.namespace {
        case .host: opening = .libvirt
        case .pod: opening = .wrapper
        }
    }

    /// Why no VM can have an interface of a kind.
    private static func reason(against attachment: Attachment) -> String {
        switch attachment {
        case .vlan(let vlan) where vlan.namespace == nil:
            "it is VLAN \(vlan.tag) of the guest's interface \(vlan.parent.text): the guest makes it itself, "
                + "and no device is needed"
        case .vhostUser(let socket):
            "it is a vhost-user socket (\(socket.path)), which needs shared guest memory: this runtime opens taps only"
        case .veth, .vlan, .macvlan, .tap:
            "it was prepared for a container, not for a VM; the network's plugins must know the "
                + "capability vmInterface, or tap-bridge must follow them in the list"
        }
    }

    /// A multi-queue tap cannot be opened for one queue, and a single-queue tap not for two: EINVAL.
    public static func queues(of tap: Attachment.Tap, vcpus: Int) -> Int {
        tap.isMultiQueue ? max(2, min(vcpus, tap.mostQueues)) : 1
    }

    /// The PCI slot: the same in every start of the VM.
    var slot: Int { 16 + index }

    /// What the wrapper is told of this interface; nil where libvirt opens the tap.
    /// - Parameters:
    ///   - board: The board, whose root bus has the slot.
    ///   - vhosts: Whether the kernel's vhost-net serves the queues.
    /// - Returns: The interface, ready to be written into the wrapper's environment.
    public func wrapped(on board: Domain.Board, vhosts: Bool) -> WrappedInterface? {
        guard opening == .wrapper else { return nil }
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
