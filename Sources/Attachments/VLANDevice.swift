// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Netlink
public import NetworkTypes
public import PreparedInterface

/// A VLAN of an interface of the pod, made in the pod's namespace.
public enum VLANDevice {
    /// Makes the device, down, with its MAC address.
    ///
    /// - Throws: `NetlinkError` with EEXIST where the pod has an interface of the name, or a device with this
    ///   tag on the same parent.
    public static func make(
        _ name: InterfaceName,
        _ vlan: Attachment.VLAN,
        in namespace: borrowing PodNamespace,
        mac: MACAddress,
        mtu: Int
    ) throws(AttachmentError) {
        let inside = try namespace.openNetlink()
        guard let parent = try netlink({ () throws(NetlinkError) in try inside.link(vlan.parent) }) else {
            throw .unexpected(
                "there is no interface \(vlan.parent.text) in the pod's namespace to carry VLAN \(vlan.tag)"
            )
        }
        try netlink { () throws(NetlinkError) in
            try inside.addVLAN(name, on: parent.index, tag: vlan.tag, mac: mac, mtu: mtu)
        }
    }

    /// Compares the device with its record.
    public static func check(
        _ name: InterfaceName,
        _ vlan: Attachment.VLAN,
        in namespace: borrowing PodNamespace,
        _ expected: Expectation,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let inside = try namespace.openNetlink()
        let (link, parent) = try netlink { () throws(NetlinkError) in
            (try inside.link(name), try inside.link(vlan.parent))
        }
        if let link { differences.compare(link, tag: vlan.tag, on: parent, vlan.parent) }
        try PodInterface.check(link, name, kind: "vlan", in: namespace, expected, &differences)
    }
}

extension Differences {
    /// Compares what a VLAN device has beyond others.
    mutating func compare(_ link: Link, tag: Int, on parent: Link?, _ name: InterfaceName) {
        compare(link.name, "VLAN tag", is: link.vlan.map { "\($0)" } ?? "none", not: "\(tag)")
        if parent?.index != link.lower { note(link.name, "it is not on \(name.text)") }
    }
}
