// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

/// VLAN devices, and macvlans on them.
extension NetlinkSocket {
    /// Makes an 802.1Q VLAN device, down: frames with the tag, to and from the device below it.
    ///
    /// `parent`: the index of the device below, here. `mac`: its own address; without it the parent's.
    ///
    /// - Throws: EEXIST where the name is taken, or the parent has a device with this tag.
    public func addVLAN(
        _ name: InterfaceName,
        on parent: Int32,
        tag: Int,
        mac: MACAddress? = nil,
        mtu: Int
    ) throws(NetlinkError) {
        guard let link = rtnl_link_vlan_alloc() else {
            throw NetlinkError(operation: "make", subject: "VLAN \(name.text)", errno: ENOMEM)
        }
        defer { rtnl_link_put(link) }
        name.text.withCString { rtnl_link_set_name(link, $0) }
        rtnl_link_set_link(link, parent)
        rtnl_link_set_mtu(link, UInt32(mtu))
        rtnl_link_vlan_set_id(link, UInt16(tag))
        if let mac {
            let address = try LibnlAddress(mac)
            rtnl_link_set_addr(link, address.pointer)
        }
        try check(
            rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL),
            "add a device for VLAN \(tag),",
            name.text
        )
    }

    /// Makes a macvlan in VEPA mode, at once in another namespace, down: all frames go out by the device below
    /// it, also those to another macvlan on it.
    ///
    /// `lower`: the index of the device below, here.
    ///
    /// - Throws: EEXIST where the name is taken, there or here: the kernel looks here, too.
    public func addMacvlan(
        _ name: InterfaceName,
        on lower: Int32,
        in namespace: Int32,
        mac: MACAddress,
        mtu: Int
    ) throws(NetlinkError) {
        guard let link = rtnl_link_macvlan_alloc() else {
            throw NetlinkError(operation: "make", subject: "macvlan \(name.text)", errno: ENOMEM)
        }
        defer { rtnl_link_put(link) }
        let address = try LibnlAddress(mac)
        name.text.withCString { rtnl_link_set_name(link, $0) }
        rtnl_link_set_link(link, lower)
        rtnl_link_set_ns_fd(link, namespace)
        rtnl_link_set_addr(link, address.pointer)
        rtnl_link_set_mtu(link, UInt32(mtu))
        rtnl_link_macvlan_set_mode(link, MACVLAN_MODE_VEPA.rawValue)
        try check(
            rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL),
            "add macvlan",
            name.text
        )
    }
}

extension Link {
    /// The name of a macvlan's mode, as ip(8) writes it; nil for any other device.
    public var macvlanModeName: String? {
        switch macvlanMode {
        case nil: nil
        case MACVLAN_MODE_PRIVATE.rawValue: "private"
        case MACVLAN_MODE_VEPA.rawValue: "vepa"
        case MACVLAN_MODE_BRIDGE.rawValue: "bridge"
        case MACVLAN_MODE_PASSTHRU.rawValue: "passthru"
        case MACVLAN_MODE_SOURCE.rawValue: "source"
        case let mode?: "\(mode)"
        }
    }

    /// The tag of an 802.1Q device; 802.1ad has tags of its own.
    static func vlan(_ object: OpaquePointer, _ kind: String?) -> Int? {
        guard kind == "vlan" else { return nil }
        let other = UInt16(ETH_P_8021AD).bigEndian
        guard rtnl_link_vlan_get_protocol(object) != other else { return nil }
        let tag = rtnl_link_vlan_get_id(object)
        return tag < 0 ? nil : Int(tag)
    }
}
