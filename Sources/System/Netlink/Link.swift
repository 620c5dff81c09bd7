// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

/// A network device as the kernel describes it.
public struct Link: Hashable, Sendable {
    /// The interface index.
    public let index: Int32
    /// The name.
    public let name: String
    /// The hardware address, where it is an Ethernet one.
    public let mac: MACAddress?
    /// The MTU in bytes.
    public let mtu: Int
    /// IFF_UP.
    public let isUp: Bool
    /// The index of the device below, or of a veth's other end; 0 without one.
    public let lower: Int32
    /// The kind, like "veth"; nil for hardware.
    public let kind: String?
    /// The tag of an 802.1Q VLAN device; nil for any other device.
    public let vlan: Int?
    /// The mode of a macvlan (MACVLAN_MODE_..., linux/if_link.h); nil for any other device.
    public let macvlanMode: UInt32?
}

extension NetlinkSocket {
    /// A device by its name; nil where there is none.
    public func link(_ name: InterfaceName) throws(NetlinkError) -> Link? {
        expectLongReplies()
        var object: OpaquePointer?
        let result = name.text.withCString { rtnl_link_get_kernel(socket, 0, $0, &object) }
        guard result == 0, let object else {
            let failure = error(result, "look up", name.text)
            if failure.errno == ENODEV || failure.errno == ENOENT { return nil }
            throw failure
        }
        defer { rtnl_link_put(object) }
        return Link(object)
    }

    /// The index of a device; nil where there is none.
    public func index(of name: InterfaceName) throws(NetlinkError) -> Int32? {
        // An ioctl answers with the number alone, netlink with all there is about the device.
        let index = name.text.withCString { clinux_interface_index(nl_socket_get_fd(socket), $0) }
        if index == -ENODEV { return nil }
        guard index > 0 else { throw NetlinkError(operation: "look up", subject: name.text, errno: -index) }
        return index
    }

    /// All devices of the namespace.
    public func links() throws(NetlinkError) -> [Link] {
        expectLongReplies()
        var cache: OpaquePointer?
        try check(rtnl_link_alloc_cache(socket, AF_UNSPEC, &cache), "list", "links")
        defer { nl_cache_free(cache) }
        var links: [Link] = []
        var object = nl_cache_get_first(cache)
        while let current = object {
            links.append(Link(current))
            object = nl_cache_get_next(current)
        }
        return links
    }

    /// Makes a veth pair: one end here, the other at once in another namespace; both down, because the
    /// kernel can't set an end up before it has its peer.
    ///
    /// - Throws: EEXIST where either name is taken.
    public func addVeth(
        _ name: InterfaceName,
        peer: InterfaceName,
        in namespace: Int32,
        peerMAC: MACAddress,
        mtu: Int
    ) throws(NetlinkError) {
        guard let link = rtnl_link_veth_alloc(), let other = rtnl_link_veth_get_peer(link) else {
            throw NetlinkError(operation: "make", subject: "veth \(name.text)", errno: ENOMEM)
        }
        defer {
            rtnl_link_put(other)
            rtnl_link_put(link)
        }
        let address = try LibnlAddress(peerMAC)
        name.text.withCString { rtnl_link_set_name(link, $0) }
        rtnl_link_set_mtu(link, UInt32(mtu))
        peer.text.withCString { rtnl_link_set_name(other, $0) }
        rtnl_link_set_mtu(other, UInt32(mtu))
        rtnl_link_set_addr(other, address.pointer)
        rtnl_link_set_ns_fd(other, namespace)
        try check(
            rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL),
            "add veth \(name.text) with peer",
            peer.text
        )
    }

    /// Sets a device up with an MTU, and keeps the kernel from giving it a link-local IPv6 address: an end
    /// that only carries a guest's frames must send none of its own.
    public func setUpSilently(_ name: InterfaceName, mtu: Int? = nil) throws(NetlinkError) {
        try change(
            name,
            "set up",
            { link in
                rtnl_link_inet6_set_addr_gen_mode(link, UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue))
                rtnl_link_set_flags(link, UInt32(IFF_UP))
                if let mtu { rtnl_link_set_mtu(link, UInt32(mtu)) }
            }
        )
    }

    /// Has the kernel announce the device's IPv4 addresses by gratuitous ARP each time the device comes up (`arp_notify`,
    /// ip-sysctl in the kernel's documentation).
    public func announceIPv4(on name: InterfaceName) throws(NetlinkError) {
        try change(
            name,
            "set arp_notify of",
            { _ = rtnl_link_inet_set_conf($0, UInt32(IPV4_DEVCONF_ARP_NOTIFY), 1) }
        )
    }

    /// Sets a device up.
    public func setUp(_ name: InterfaceName) throws(NetlinkError) {
        try change(name, "set up", { rtnl_link_set_flags($0, UInt32(IFF_UP)) })
    }

    /// Gives a device that is down another name.
    ///
    /// - Throws: EEXIST where the name is taken.
    public func rename(_ link: Link, to name: InterfaceName) throws(NetlinkError) {
        guard let original = rtnl_link_alloc(), let changes = rtnl_link_alloc() else {
            throw outOfMemory(name)
        }
        defer {
            rtnl_link_put(changes)
            rtnl_link_put(original)
        }
        rtnl_link_set_ifindex(original, link.index)
        name.text.withCString { rtnl_link_set_name(changes, $0) }
        try check(rtnl_link_change(socket, original, changes, 0), "rename \(link.name) to", name.text)
    }

    /// Removes a device, and its peer where it has one.
    ///
    /// - Returns: Whether it was there.
    @discardableResult
    public func deleteLink(_ name: InterfaceName) throws(NetlinkError) -> Bool {
        guard let link = rtnl_link_alloc() else { throw outOfMemory(name) }
        defer { rtnl_link_put(link) }
        name.text.withCString { rtnl_link_set_name(link, $0) }
        let result = rtnl_link_delete(socket, link)
        guard result < 0 else { return true }
        let failure = error(result, "remove", name.text)
        if failure.errno == ENODEV || failure.errno == ENOENT { return false }
        throw failure
    }

    private func change(
        _ name: InterfaceName,
        _ operation: @autoclosure () -> String,
        _ set: (OpaquePointer) -> Void
    ) throws(NetlinkError) {
        guard let original = rtnl_link_alloc(), let changes = rtnl_link_alloc() else {
            throw outOfMemory(name)
        }
        defer {
            rtnl_link_put(changes)
            rtnl_link_put(original)
        }
        // The name in the changes only: libnl would drop it if both had it, and it is how the kernel finds the device.
        name.text.withCString { rtnl_link_set_name(changes, $0) }
        set(changes)
        try check(rtnl_link_change(socket, original, changes, 0), operation(), name.text)
    }

    private func outOfMemory(_ name: InterfaceName) -> NetlinkError {
        NetlinkError(operation: "describe", subject: name.text, errno: ENOMEM)
    }
}

extension Link {
    init(_ object: OpaquePointer) {
        let flags = rtnl_link_get_flags(object)
        index = rtnl_link_get_ifindex(object)
        name = String(cString: rtnl_link_get_name(object))
        mtu = Int(rtnl_link_get_mtu(object))
        isUp = flags & UInt32(IFF_UP) != 0
        lower = rtnl_link_get_link(object)
        kind = rtnl_link_get_type(object).map { String(cString: $0) }
        vlan = Self.vlan(object, kind)
        macvlanMode = kind == "macvlan" ? UInt32(rtnl_link_macvlan_get_mode(object)) : nil
        mac = MACAddress(libnl: rtnl_link_get_addr(object))
    }
}

extension MACAddress {
    init?(libnl address: OpaquePointer?) {
        guard let address, nl_addr_get_len(address) == 6, let bytes = nl_addr_get_binary_addr(address) else {
            return nil
        }
        var value: UInt64 = 0
        for byte in UnsafeRawBufferPointer(start: bytes, count: 6) { value = value << 8 | UInt64(byte) }
        self.init(value: value)
    }
}
