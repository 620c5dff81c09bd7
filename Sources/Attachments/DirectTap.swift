// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
public import Netlink
import NetworkTypes
public import PreparedInterface

/// A tap in the namespace of agent and libvirtd, which itself is the vRouter's port.
public enum DirectTap {
    /// Makes the tap with its owner and MTU, up and silent.
    ///
    /// What is left of a run that was killed is replaced: the name is derived from the container.
    public static func make(
        _ tap: Attachment.Tap,
        mtu: Int,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        try netlink { () throws(NetlinkError) in _ = try socket.deleteLink(tap.name) }
        try system { () throws(SystemError) in try TapDevice.make(tap.name, owner: tap.ownerUID) }
        do throws(AttachmentError) {
            try system { () throws(SystemError) in try Host.ignoreIPv6(on: tap.name) }
            try setUp(tap, mtu: mtu, over: socket)
        } catch {
            try netlink { () throws(NetlinkError) in _ = try socket.deleteLink(tap.name) }
            throw error
        }
    }

    private static func setUp(
        _ tap: Attachment.Tap,
        mtu: Int,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        try netlink { () throws(NetlinkError) in
            guard let link = try socket.link(tap.name) else {
                throw NetlinkError(operation: "look up", subject: tap.name.text, errno: ENODEV)
            }
            try socket.sendAtOnce(tap.name, index: link.index)
            try socket.setUpSilently(tap.name, mtu: mtu)
        }
    }

    /// Compares a tap on the node with its record.
    public static func check(
        _ tap: Attachment.Tap,
        mtu: Int,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        guard let link = try netlink({ () throws(NetlinkError) in try socket.link(tap.name) }),
            let tun = try netlink({ () throws(NetlinkError) in try socket.tun(tap.name) })
        else { return differences.note(tap.name.text, "the tap does not exist") }
        differences.compare(link, mac: nil, mtu: mtu, kind: "tun")
        let name = tap.name.text
        differences.compare(
            name,
            "owner",
            is: tun.owner.map { String($0) } ?? "nobody",
            not: "\(tap.ownerUID)"
        )
        differences.compare(
            name,
            "multi-queue flag",
            is: onOrOff(tun.isMultiQueue),
            not: onOrOff(tap.isMultiQueue)
        )
        differences.compare(
            name,
            "virtio header",
            is: onOrOff(tun.hasVnetHeader),
            not: onOrOff(tap.hasVnetHeader)
        )
        differences.compare(name, "persistence", is: onOrOff(tun.isPersistent), not: "on")
    }

    private static func onOrOff(_ flag: Bool) -> String { flag ? "on" : "off" }
}
