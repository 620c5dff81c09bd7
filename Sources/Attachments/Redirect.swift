// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import Netlink
public import NetworkTypes
public import PreparedInterface

/// A tap in the pod's namespace, joined to the pod's veth by tc: frames that arrive at one leave by the
/// other.
public enum Redirect {
    /// What the veth looks like, to plan by.
    public static func examine(
        _ veth: InterfaceName,
        in namespace: borrowing PodNamespace
    ) throws(AttachmentError) -> ObservedInterface {
        guard let found = try ObservedInterface(veth, in: namespace) else {
            throw .unexpected(
                "there is no interface \(veth.text) in the pod's namespace: what should the VM use?"
            )
        }
        return found
    }

    /// Makes the tap and the redirects, the one towards the VM last, so that no frame is taken before the
    /// tap can carry it.
    ///
    /// - Returns: What was made, in order.
    public static func make(
        _ tap: Attachment.Tap,
        veth: InterfaceName,
        mtu: Int,
        in namespace: borrowing PodNamespace
    ) throws(AttachmentError) -> [KernelObject] {
        let reference = namespace.reference
        let socket = try namespace.inside { () throws(AttachmentError) -> NetlinkSocket in
            let socket = try netlink { () throws(NetlinkError) -> NetlinkSocket in try NetlinkSocket() }
            try netlink { () throws(NetlinkError) in _ = try socket.deleteLink(tap.name) }
            try system { () throws(SystemError) in
                try TapDevice.make(tap.name, owner: tap.ownerUID)
                // Until the redirect is in place, the pod's kernel would hear the guest.
                try Host.ignoreIPv6(on: tap.name, isEssential: false)
            }
            return socket
        }
        return try netlink { () throws(NetlinkError) in
            guard let tapLink = try socket.link(tap.name), let vethLink = try socket.link(veth) else {
                throw NetlinkError(operation: "look up", subject: tap.name.text, errno: ENODEV)
            }
            try socket.sendAtOnce(tap.name, index: tapLink.index)
            try socket.setUpSilently(tap.name, mtu: mtu)
            var created: [KernelObject] = [.link(name: tap.name, namespace: reference)]
            _ = try socket.addIngressQdisc(tap.name, index: tapLink.index)
            try socket.redirect(from: tap.name, index: tapLink.index, to: vethLink.index)
            let isOurs = try socket.addIngressQdisc(veth, index: vethLink.index)
            created.append(
                isOurs
                    ? .ingressQdisc(device: veth, namespace: reference)
                    : .redirectFilter(device: veth, namespace: reference)
            )
            try socket.redirect(from: veth, index: vethLink.index, to: tapLink.index)
            return created
        }
    }

    /// What is there of a tap and its redirects, by their names, to be removed.
    ///
    /// `path`: the pod's namespace, which may be gone.
    public static func remains(
        of tap: InterfaceName,
        veth: InterfaceName,
        in path: String
    ) throws(AttachmentError) -> [KernelObject] {
        guard let pod = try PodNamespace.existing(path) else { return [] }
        do throws(AttachmentError) {
            let socket = try pod.openNetlink()
            guard try netlink({ () throws(NetlinkError) in try socket.link(tap) }) != nil else { return [] }
        } catch {
            // A namespace of another kind can't be entered.
            guard case .system(let error) = error, error.errno == EINVAL else { throw error }
            return []
        }
        return [
            .link(name: tap, namespace: pod.reference),
            .redirectFilter(device: veth, namespace: pod.reference),
        ]
    }

    /// An interface as the plugin before left it; nil for one that was not joined to a tap.
    public static func restore(_ joined: PreparedInterface) -> PreparedInterface? {
        guard let former = joined.former else { return nil }
        var interface = joined
        interface.attachment = former.attachment
        interface.created = former.created
        interface.owner = former.owner
        interface.former = nil
        return interface
    }

    /// Removes what was made, backwards.
    public static func remove(_ objects: [KernelObject]) throws(AttachmentError) {
        guard !objects.isEmpty else { return }
        let socket = try netlink { () throws(NetlinkError) in try NetlinkSocket() }
        try objects.remove(over: socket)
    }

    /// Compares tap, qdiscs and redirects with the record; the veth's own fields are its plugin's matter.
    public static func check(
        _ tap: Attachment.Tap,
        veth: InterfaceName,
        _ expected: Expectation,
        in namespace: borrowing PodNamespace,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let socket = try namespace.openNetlink()
        try DirectTap.check(tap, mtu: expected.mtu(of: tap.name), over: socket, &differences)
        let ends = try netlink { () throws(NetlinkError) in
            (tap: try socket.link(tap.name), veth: try socket.link(veth))
        }
        guard let vethLink = ends.veth else {
            return differences.note(veth.text, "it does not exist in the pod's namespace")
        }
        let mac = vethLink.mac?.text ?? "none"
        differences.compare(vethLink.name, "MAC address", is: mac, not: expected.mac.text)
        if let mtu = expected.mtu {
            differences.compare(vethLink.name, "MTU", is: "\(vethLink.mtu)", not: "\(mtu)")
        }
        if !vethLink.isUp { differences.note(vethLink.name, "it is down") }
        guard let tapLink = ends.tap else { return }
        try check(from: tapLink, to: vethLink, over: socket, &differences)
        try check(from: vethLink, to: tapLink, over: socket, &differences)
    }

    private static func check(
        from device: Link,
        to target: Link,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let hasQdisc = try netlink { () throws(NetlinkError) in
            try socket.hasIngressQdisc(index: device.index)
        }
        guard hasQdisc else { return differences.note(device.name, "it has no ingress qdisc") }
        let found = try netlink { () throws(NetlinkError) in
            try socket.redirectTarget(of: device.index)
        }
        guard let found else { return differences.note(device.name, "its redirect filter is missing") }
        guard found != target.index else { return }
        differences.note(
            device.name,
            "its redirect leads to interface \(found), not to \(target.name) (\(target.index))"
        )
    }
}
