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

    /// Whether a tap is there.
    public static func exists(
        _ name: InterfaceName,
        in namespace: borrowing PodNamespace
    ) throws(AttachmentError) -> Bool {
        let socket = try namespace.openNetlink()
        return try netlink { () throws(NetlinkError) in try socket.link(name) } != nil
    }

    /// Removes what was made, backwards.
    public static func remove(_ objects: [KernelObject]) throws(AttachmentError) {
        guard !objects.isEmpty else { return }
        let socket = try netlink { () throws(NetlinkError) in try NetlinkSocket() }
        try objects.remove(over: socket)
    }
}
