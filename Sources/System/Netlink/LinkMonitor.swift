// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink

/// What the kernel tells of a device when it changes.
public struct LinkEvent: Hashable, Sendable {
    /// The interface index.
    public let index: Int32
    /// The name.
    public let name: String
    /// Whether the device is gone, or has left this namespace.
    public let isGone: Bool
    /// IFF_UP: the administrative state.
    public let isUp: Bool
    /// IFF_RUNNING: up and with a carrier.
    public let isRunning: Bool

    /// An event.
    public init(index: Int32, name: String, isGone: Bool, isUp: Bool, isRunning: Bool) {
        self.index = index
        self.name = name
        self.isGone = isGone
        self.isUp = isUp
        self.isRunning = isRunning
    }
}

/// Listens to the changes of devices in the network namespace in which it was opened (RTNLGRP_LINK).
///
/// It never blocks. Not for use by several threads at once.
public final class LinkMonitor {
    private let socket: OpaquePointer
    private var events: [LinkEvent] = []

    /// Bytes of changes that the kernel keeps for us: hundreds of devices at once.
    private static let receiveBuffer: Int32 = 1 << 20

    /// Begins to listen.
    public convenience init() throws(NetlinkError) {
        try self.init(operation: "listen to")
        _ = nl_socket_set_buffer_size(socket, Self.receiveBuffer, 0)
        try Self.check(nl_socket_set_nonblocking(socket), "listen to")
        try Self.check(nl_socket_add_membership(socket, Int32(RTNLGRP_LINK.rawValue)), "listen to")
    }

    private init(operation: String) throws(NetlinkError) {
        guard let socket = nl_socket_alloc() else {
            throw NetlinkError(operation: "open", subject: "a netlink socket", errno: ENOMEM)
        }
        self.socket = socket
        nl_socket_disable_seq_check(socket)
        nl_socket_modify_cb(
            socket,
            NL_CB_VALID,
            NL_CB_CUSTOM,
            { message, context in LinkMonitor.note(message, context) },
            Unmanaged.passUnretained(self).toOpaque()
        )
        try Self.check(nl_connect(socket, NETLINK_ROUTE), operation)
        nl_socket_set_msg_buf_size(socket, 32_768)
        nl_socket_disable_msg_peek(socket)
    }

    /// The state of all devices now, as events; libnl's cache would hold a kilobyte for each.
    public static func all() throws(NetlinkError) -> [LinkEvent] {
        let reader = try LinkMonitor(operation: "list")
        var request = rtgenmsg(rtgen_family: UInt8(AF_UNSPEC))
        try check(
            nl_send_simple(
                reader.socket,
                Int32(RTM_GETLINK),
                NLM_F_DUMP,
                &request,
                MemoryLayout<rtgenmsg>.size
            ),
            "list"
        )
        // One call reads to the end of the list.
        try check(nl_recvmsgs_default(reader.socket), "list")
        return reader.events
    }

    deinit { nl_socket_free(socket) }

    /// The descriptor to poll for reading.
    public var descriptor: Int32 { nl_socket_get_fd(socket) }

    /// What has arrived by now, in order.
    ///
    /// - Throws: ENOBUFS where changes were lost: read all devices again.
    public func receive() throws(NetlinkError) -> [LinkEvent] {
        // Bounded: a storm of changes must not keep the caller from its other work.
        for _ in 0..<256 {
            let result = nl_recvmsgs_default(socket)
            if result == -NLE_AGAIN { break }
            if result == -NLE_INTR || result == -NLE_DUMP_INTR { continue }
            guard result >= 0 else {
                events = []
                // libnl folds ENOBUFS into NLE_NOMEM.
                throw NetlinkError(
                    operation: "listen to",
                    subject: "changes of devices",
                    errno: result == -NLE_NOMEM ? ENOBUFS : 0,
                    detail: String(cString: nl_geterror(result))
                )
            }
        }
        defer { events = [] }
        return events
    }

    private static func note(_ message: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> Int32 {
        let next = Int32(NL_OK.rawValue)
        guard let message, let context, let header = nlmsg_hdr(message) else { return next }
        let isGone = header.pointee.nlmsg_type == RTM_DELLINK
        guard isGone || header.pointee.nlmsg_type == RTM_NEWLINK, let payload = nlmsg_data(header),
            nlmsg_datalen(header) >= Int32(MemoryLayout<ifinfomsg>.size)
        else { return next }
        let info = payload.loadUnaligned(as: ifinfomsg.self)
        // Of the family AF_BRIDGE, RTM_DELLINK says only that a device has left its bridge.
        guard info.ifi_family == UInt8(AF_UNSPEC),
            let attribute = nlmsg_find_attr(
                header,
                Int32(MemoryLayout<ifinfomsg>.size),
                Int32(IFLA_IFNAME)
            ), let name = nla_get_string(attribute)
        else { return next }
        let this = Unmanaged<LinkMonitor>.fromOpaque(context).takeUnretainedValue()
        this.events.append(
            LinkEvent(
                index: info.ifi_index,
                name: String(cString: name),
                isGone: isGone,
                isUp: info.ifi_flags & UInt32(IFF_UP) != 0,
                isRunning: info.ifi_flags & UInt32(IFF_RUNNING) != 0
            )
        )
        return next
    }

    private static func check(_ result: Int32, _ operation: String) throws(NetlinkError) {
        guard result < 0 else { return }
        throw NetlinkError(
            operation: operation,
            subject: "devices",
            errno: 0,
            detail: String(cString: nl_geterror(result))
        )
    }
}
