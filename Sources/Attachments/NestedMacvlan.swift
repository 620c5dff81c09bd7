// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
public import Netlink
public import NetworkTypes
public import PreparedInterface

/// A macvlan in a pod, on a VLAN device on the node's own interface: for a node that itself is a VM on an
/// OpenContrail network, whose vRouter tells its pods apart by the tag.
public enum NestedMacvlan {
    /// The VLAN device that has a tag on an interface of the node, by its name; nil where there is none.
    public static func holder(
        of tag: Int,
        on parent: Link,
        over socket: NetlinkSocket
    ) throws(AttachmentError) -> InterfaceName? {
        let links = try netlink { () throws(NetlinkError) in try socket.links() }
        return links.first { $0.vlan == tag && $0.lower == parent.index }.flatMap { InterfaceName($0.name) }
    }

    /// Removes a VLAN device, and with it the macvlan on it.
    public static func remove(_ device: InterfaceName, over socket: NetlinkSocket) throws(AttachmentError) {
        try netlink { () throws(NetlinkError) in _ = try socket.deleteLink(device) }
    }

    /// Makes the VLAN device, up and silent, and on it the pod's macvlan in VEPA mode.
    ///
    /// What is left of a run that was killed is replaced: the device's name is derived from the container. The
    /// tag's former device must be gone: see `holder`.
    ///
    /// - Throws: `NetlinkError` with EEXIST where the pod has an interface of the name, or another namespace a
    ///   device with this tag.
    public static func make(
        _ macvlan: Attachment.Macvlan,
        pod: InterfaceName,
        in namespace: borrowing PodNamespace,
        mac: MACAddress,
        mtu: Int,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        let descriptor = namespace.descriptor
        let inside = try namespace.openNetlink()
        let host = macvlan.host
        try netlink { () throws(NetlinkError) in
            guard let parent = try socket.link(macvlan.parent) else {
                throw NetlinkError(
                    operation: "add a VLAN to",
                    subject: macvlan.parent.text,
                    errno: ENODEV
                )
            }
            try socket.deleteLink(host)
            try socket.addVLAN(host, on: parent.index, tag: macvlan.tag, mtu: mtu)
        }
        do throws(AttachmentError) {
            try system { () throws(SystemError) in try Host.ignoreIPv6(on: host) }
            try netlink { () throws(NetlinkError) in
                try socket.setUpSilently(host)
                guard let lower = try socket.link(host) else {
                    throw NetlinkError(operation: "add a macvlan to", subject: host.text, errno: ENODEV)
                }
                // The kernel takes no name that the node has, too, and an eth0 it has.
                guard let name = InterfaceName(prefix: "mac", hashing: [host.text]) else {
                    throw NetlinkError(operation: "name", subject: host.text, errno: EINVAL)
                }
                try socket.addMacvlan(name, on: lower.index, in: descriptor, mac: mac, mtu: mtu)
                guard let link = try inside.link(name) else {
                    throw NetlinkError(operation: "look up", subject: name.text, errno: ENODEV)
                }
                try inside.rename(link, to: pod)
            }
        } catch {
            try netlink { () throws(NetlinkError) in _ = try socket.deleteLink(host) }
            throw error
        }
    }

    /// Compares both devices with their record, and the pod's addresses and routes.
    public static func check(
        _ macvlan: Attachment.Macvlan,
        pod: InterfaceName,
        in namespace: borrowing PodNamespace,
        _ expected: Expectation,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let (host, parent) = try netlink { () throws(NetlinkError) in
            (try socket.link(macvlan.host), try socket.link(macvlan.parent))
        }
        let inside = try namespace.openNetlink()
        let link = try netlink { () throws(NetlinkError) in try inside.link(pod) }
        if let host {
            differences.compare(host, mac: nil, mtu: expected.mtu(of: macvlan.host), kind: "vlan")
            differences.compare(host, tag: macvlan.tag, on: parent, macvlan.parent)
        } else {
            differences.note(macvlan.host.text, "it does not exist on the node")
        }
        if let link {
            if let host, link.lower != host.index {
                differences.note(pod.text, "it is not on \(macvlan.host.text)")
            }
            differences.compare(pod.text, "mode", is: link.macvlanModeName ?? "none", not: "vepa")
        }
        try PodInterface.check(link, pod, kind: "macvlan", in: namespace, expected, &differences)
    }
}
