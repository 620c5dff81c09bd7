// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
import NetworkTypes

/// A connection to the kernel's routing netlink, in the network namespace in which it was opened: it stays
/// there, wherever the thread goes later.
///
/// Not for use by several threads at once.
public final class NetlinkSocket {
    let socket: OpaquePointer
    /// What the last refused request was refused with.
    private var refusal: (errno: Int32, text: String) = (0, "")

    /// Opens a connection in this thread's network namespace.
    public init() throws(NetlinkError) {
        guard let socket = nl_socket_alloc() else {
            throw NetlinkError(operation: "open", subject: "a netlink socket", errno: ENOMEM)
        }
        self.socket = socket
        nl_socket_modify_err_cb(
            socket,
            NL_CB_CUSTOM,
            { _, error, context in NetlinkSocket.note(error, context) },
            Unmanaged.passUnretained(self).toOpaque()
        )
        let connected = nl_connect(socket, NETLINK_ROUTE)
        guard connected == 0 else { throw error(connected, "open", "a netlink socket") }
        // One system call a reply instead of two: no reply to our requests is longer than libnl's buffer. Most are
        // acknowledgements, and a long buffer touches a page more of memory each time.
        nl_socket_set_msg_buf_size(socket, 8192)
        nl_socket_disable_msg_peek(socket)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // An old kernel without extended acknowledgements only says less.
        setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, size)
        setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, size)
    }

    deinit { nl_socket_free(socket) }

    /// Makes room for descriptions of devices: one of a device with virtual functions is long.
    func expectLongReplies() { nl_socket_set_msg_buf_size(socket, 32_768) }

    /// Throws where a call of libnl's reports an error.
    @discardableResult
    func check(
        _ result: Int32,
        _ operation: @autoclosure () -> String,
        _ subject: @autoclosure () -> String
    ) throws(NetlinkError) -> Int32 {
        guard result < 0 else { return result }
        throw error(result, operation(), subject())
    }

    func error(_ result: Int32, _ operation: String, _ subject: String) -> NetlinkError {
        defer { refusal = (0, "") }
        guard refusal.errno == 0 else {
            return NetlinkError(
                operation: operation,
                subject: subject,
                errno: refusal.errno,
                detail: refusal.text
            )
        }
        // Sent or answered half: the next request must not take this one's answer for its own.
        if -result != NLE_OBJ_NOTFOUND, -result != NLE_NODEV { discardAnswers() }
        let code: Int32 =
            switch -result {
            case NLE_EXIST: EEXIST
            case NLE_OBJ_NOTFOUND: ENOENT
            case NLE_NODEV: ENODEV
            case NLE_NOMEM: ENOMEM
            case NLE_PERM: EPERM
            default: 0
            }
        return NetlinkError(
            operation: operation,
            subject: subject,
            errno: code,
            detail: code == 0 ? String(cString: nl_geterror(result)) : ""
        )
    }

    /// Reads away what the kernel has answered: it answers before a request's sending returns.
    private func discardAnswers() {
        // libnl counts answers, and would wait for the number of the request that failed.
        nl_socket_disable_seq_check(socket)
        var byte: UInt8 = 0
        var tries = 0
        // MSG_TRUNC in the result says how long a message was: it is gone, however short the buffer.
        while tries < 64, recv(nl_socket_get_fd(socket), &byte, 1, Int32(MSG_DONTWAIT)) >= 0 {
            tries += 1
        }
    }

    /// libnl's error callback: keeps the errno, which libnl would fold into its own few codes, and the
    /// kernel's text (NLMSGERR_ATTR_MSG, linux/netlink.h).
    private static func note(
        _ error: UnsafeMutablePointer<nlmsgerr>?,
        _ context: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let error, let context else { return Int32(NL_STOP.rawValue) }
        let this = Unmanaged<NetlinkSocket>.fromOpaque(context).takeUnretainedValue()
        this.refusal = (-error.pointee.error, text(of: error))
        return Int32(NL_STOP.rawValue)
    }

    private static func text(of error: UnsafeMutablePointer<nlmsgerr>) -> String {
        let headerSize = MemoryLayout<nlmsghdr>.size
        let header = UnsafeRawPointer(error).advanced(by: -headerSize).assumingMemoryBound(to: nlmsghdr.self)
        let flags = header.pointee.nlmsg_flags
        guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return "" }
        var offset = MemoryLayout<nlmsgerr>.size
        if flags & UInt16(NLM_F_CAPPED) == 0 { offset += Int(error.pointee.msg.nlmsg_len) - headerSize }
        let end = Int(header.pointee.nlmsg_len) - headerSize
        let payload = UnsafeRawPointer(error)
        while offset + 4 <= end {
            let length = Int(payload.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            let type = payload.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self)
            guard length >= 4, offset + length <= end else { return "" }
            if type == UInt16(NLMSGERR_ATTR_MSG.rawValue) {
                let bytes = UnsafeRawBufferPointer(start: payload + offset + 4, count: length - 4)
                return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            offset += (length + 3) & ~3
        }
        return ""
    }
}

/// An address in libnl's form, freed at the end of its life.
struct LibnlAddress: ~Copyable {
    let pointer: OpaquePointer

    init(_ address: IPAddress, length: Int? = nil) throws(NetlinkError) {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        try self.init(family, address.bytes)
        nl_addr_set_prefixlen(pointer, Int32(length ?? address.family.bits))
    }

    init(_ mac: MACAddress) throws(NetlinkError) { try self.init(AF_UNSPEC, mac.bytes) }

    private init(_ family: Int32, _ bytes: [UInt8]) throws(NetlinkError) {
        guard let pointer = bytes.withUnsafeBytes({ nl_addr_build(family, $0.baseAddress, $0.count) }) else {
            throw NetlinkError(operation: "make", subject: "an address", errno: ENOMEM)
        }
        self.pointer = pointer
    }

    deinit { nl_addr_put(pointer) }
}
