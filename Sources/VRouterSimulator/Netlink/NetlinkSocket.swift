// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A netlink socket of the calling thread's network namespace.
final class NetlinkSocket {
    static let route: Int32 = 0
    static let netfilter: Int32 = 12

    static let request: UInt16 = 1
    static let acknowledge: UInt16 = 4
    static let dump: UInt16 = 0x300
    static let exclusive: UInt16 = 0x200
    static let create: UInt16 = 0x400

    private static let error: UInt16 = 2
    private static let done: UInt16 = 3

    let fd: Int32
    private var sequence: UInt32 = 0
    private var buffer = Bytes(repeating: 0, count: 65536)

    init(_ family: Int32, groups: UInt32 = 0) throws(SystemError) {
        fd = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), family)
        guard fd >= 0 else { throw SystemError("open", "a netlink socket") }
        // struct sockaddr_nl: family, padding, port, groups.
        let name = bytes(of: UInt16(AF_NETLINK)) + [0, 0] + bytes(of: UInt32(0)) + bytes(of: groups)
        let result = name.withUnsafeBytes {
            bind(fd, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
        guard result == 0 else { throw SystemError("bind", "a netlink socket") }
    }

    deinit {
        close(fd)
    }

    /// Sends a message and waits for its acknowledgement or the end of its dump.
    ///
    /// - Returns: the payloads that came.
    @discardableResult
    func send(
        _ message: NetlinkMessage,
        for operation: String,
        _ subject: String
    ) throws(SystemError)
        -> [ArraySlice<UInt8>]
    {
        try send([message], awaiting: 0, for: operation, subject)
    }

    /// Sends messages in one datagram and waits for the acknowledgement of the one at `awaiting`.
    @discardableResult
    func send(
        _ messages: [NetlinkMessage],
        awaiting: Int,
        for operation: String,
        _ subject: String
    ) throws(SystemError) -> [ArraySlice<UInt8>] {
        let first = sequence + 1
        var datagram: Bytes = []
        for message in messages {
            sequence += 1
            datagram += message.encoded(sequence: sequence)
        }
        let count = datagram.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, 0) }
        guard count == datagram.count else { throw SystemError(operation, subject) }
        var payloads: [ArraySlice<UInt8>] = []
        while true {
            for message in try receive(operation, subject) where message.sequence >= first {
                switch message.type {
                case Self.error:
                    let code: Int32 = NetlinkReader.number(message.payload.prefix(4))
                    if code != 0 { throw SystemError(operation, subject, code: -code) }
                    if message.sequence == first + UInt32(awaiting) { return payloads }
                case Self.done: return payloads
                default: payloads.append(message.payload)
                }
            }
        }
    }

    /// Waits for a datagram and gives its messages.
    func receive(
        _ operation: String,
        _ subject: String
    ) throws(SystemError)
        -> [(type: UInt16, sequence: UInt32, payload: ArraySlice<UInt8>)]
    {
        let count = recv(fd, &buffer, buffer.count, 0)
        guard count >= 0 else { throw SystemError(operation, subject) }
        var reader = NetlinkReader(Bytes(buffer[..<count])[...])
        var result: [(type: UInt16, sequence: UInt32, payload: ArraySlice<UInt8>)] = []
        while let message = reader.message() { result.append(message) }
        return result
    }
}
