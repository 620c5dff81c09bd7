// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

/// What the kernel tells of a tun or tap beyond what it tells of every device.
public struct Tun: Hashable, Sendable {
    /// The user that may open it besides root; nil: every user may.
    public var owner: UInt32?
    /// Whether it has the virtio header (IFF_VNET_HDR).
    public var hasVnetHeader = false
    /// Whether it outlives its openers (TUNSETPERSIST).
    public var isPersistent = false
    /// Whether it has several queues (IFF_MULTI_QUEUE).
    public var isMultiQueue = false

    fileprivate init() {}
}

extension NetlinkSocket {
    /// A tun or tap by its name; nil where there is no such device, or it is of another kind.
    public func tun(_ name: InterfaceName) throws(NetlinkError) -> Tun? {
        expectLongReplies()
        guard let message = nlmsg_alloc_simple(Int32(RTM_GETLINK), 0) else {
            throw NetlinkError(operation: "describe", subject: name.text, errno: ENOMEM)
        }
        defer { nlmsg_free(message) }
        var header = ifinfomsg()
        nlmsg_append(message, &header, MemoryLayout<ifinfomsg>.size, Int32(NLMSG_ALIGNTO))
        _ = name.text.withCString { nla_put_string(message, Int32(IFLA_IFNAME), $0) }
        var found: Tun?
        let result = withUnsafeMutablePointer(to: &found) { place -> Int32 in
            nl_socket_modify_cb(
                socket,
                NL_CB_VALID,
                NL_CB_CUSTOM,
                { message, context in
                    if let message, let place = context?.assumingMemoryBound(to: Tun?.self) {
                        place.pointee = Tun(message)
                    }
                    return Int32(NL_OK.rawValue)
                },
                place
            )
            defer { nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_DEFAULT, nil, nil) }
            let sent = nl_send_auto(socket, message)
            guard sent >= 0 else { return sent }
            let received = nl_recvmsgs_default(socket)
            guard received >= 0 else { return received }
            return nl_wait_for_ack(socket)
        }
        guard result < 0 else { return found }
        let failure = error(result, "look up", name.text)
        if failure.errno == ENODEV || failure.errno == ENOENT { return nil }
        throw failure
    }
}

extension Tun {
    /// Reads IFLA_LINKINFO of a message; nil where it is not a tun's.
    fileprivate init?(_ message: OpaquePointer) {
        let size = Int32(MemoryLayout<ifinfomsg>.size)
        guard let header = nlmsg_hdr(message),
            let info = nlmsg_find_attr(header, size, Int32(IFLA_LINKINFO)),
            let kind = nla_find(info.data, info.length, Int32(IFLA_INFO_KIND)),
            nla_strcmp(kind, "tun") == 0,
            let data = nla_find(info.data, info.length, Int32(IFLA_INFO_DATA))
        else { return nil }
        self.init()
        func flag(_ type: Int) -> Bool {
            guard let attribute = nla_find(data.data, data.length, Int32(type)) else { return false }
            return nla_get_u8(attribute) != 0
        }
        if let attribute = nla_find(data.data, data.length, Int32(IFLA_TUN_OWNER)) {
            owner = nla_get_u32(attribute)
        }
        hasVnetHeader = flag(IFLA_TUN_VNET_HDR)
        isPersistent = flag(IFLA_TUN_PERSIST)
        isMultiQueue = flag(IFLA_TUN_MULTI_QUEUE)
    }
}

extension UnsafeMutablePointer<nlattr> {
    /// The attributes inside this one.
    fileprivate var data: UnsafeMutablePointer<nlattr>? {
        nla_data(self)?.assumingMemoryBound(to: nlattr.self)
    }

    /// How many bytes they take.
    fileprivate var length: Int32 { nla_len(self) }
}
