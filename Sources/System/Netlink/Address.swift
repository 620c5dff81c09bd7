// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

extension NetlinkSocket {
    /// Gives a device an address.
    ///
    /// IPv6 addresses skip duplicate address detection: the network's controller has given them out, and a
    /// second of waiting would delay each pod.
    ///
    /// - Throws: EEXIST where the device has it.
    public func addAddress(_ prefix: IPPrefix, to index: Int32) throws(NetlinkError) {
        guard let address = rtnl_addr_alloc() else {
            throw NetlinkError(operation: "make", subject: "address \(prefix.text)", errno: ENOMEM)
        }
        defer { rtnl_addr_put(address) }
        let local = try LibnlAddress(prefix.address, length: prefix.length)
        rtnl_addr_set_local(address, local.pointer)
        rtnl_addr_set_ifindex(address, index)
        if prefix.address.family == .v6 { rtnl_addr_set_flags(address, UInt32(IFA_F_NODAD)) }
        try check(
            rtnl_addr_add(socket, address, NLM_F_CREATE | NLM_F_EXCL),
            "add address",
            "\(prefix.text) to interface \(index)"
        )
    }

    /// The addresses of a device, of both families.
    public func addresses(of index: Int32) throws(NetlinkError) -> [IPPrefix] {
        try addresses().filter { $0.device == index }.map { $0.prefix }
    }

    /// The addresses of all devices.
    public func addresses() throws(NetlinkError) -> [DeviceAddress] {
        var cache: OpaquePointer?
        try check(rtnl_addr_alloc_cache(socket, &cache), "list", "addresses")
        defer { nl_cache_free(cache) }
        var addresses: [DeviceAddress] = []
        var object = nl_cache_get_first(cache)
        while let current = object {
            if let local = rtnl_addr_get_local(current), let address = IPAddress(libnl: local),
                let prefix = IPPrefix(address, length: Int(rtnl_addr_get_prefixlen(current)))
            {
                addresses.append(
                    DeviceAddress(
                        device: rtnl_addr_get_ifindex(current),
                        prefix: prefix,
                        hasPeer: rtnl_addr_get_peer(current) != nil
                    )
                )
            }
            object = nl_cache_get_next(current)
        }
        return addresses
    }
}

/// An address of a device as the kernel has it.
public struct DeviceAddress: Hashable, Sendable {
    /// The device's index.
    public let device: Int32
    /// The address, with the prefix length of its network, or of its peer's.
    public let prefix: IPPrefix
    /// Whether it is of a point-to-point link: then its network is the peer's.
    public let hasPeer: Bool
    /// The address with the network that it lies in; one of a point-to-point link lies in none.
    public var local: IPPrefix {
        hasPeer ? IPPrefix(prefix.address, length: prefix.address.family.bits) ?? prefix : prefix
    }
}

extension IPAddress {
    init?(libnl address: OpaquePointer) {
        guard let bytes = nl_addr_get_binary_addr(address) else { return nil }
        self.init(bytes: Array(UnsafeRawBufferPointer(start: bytes, count: Int(nl_addr_get_len(address)))))
    }
}
