// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

@testable import VRouterSimulator

/// A raw connection to a simulator.
final class Connection {
    let fd: Int32

    init(port: Int, address: String = "127.0.0.1") throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = (IPv4(Bytes(address)) ?? .zero).value.bigEndian
        guard Socket.withAddress(of: &name, { connect(fd, $0, $1) }) == 0 else {
            throw SystemError("connect to", "\(address):\(port)")
        }
    }

    init(path: String) throws {
        fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Bytes(path)) }
        guard Socket.withAddress(of: &name, { connect(fd, $0, $1) }) == 0 else {
            throw SystemError("connect to", path)
        }
    }

    deinit {
        close(fd)
    }

    func send(_ bytes: Bytes) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw SystemError("send", "\(rest.count) bytes") }
            rest = rest.dropFirst(count)
        }
    }

    func closeWriteSide() {
        shutdown(fd, Int32(SHUT_WR))
    }

    /// Reads until enough is there, the peer closes, or nothing comes for so long.
    func receive(milliseconds: Int32 = 5000, until isEnough: (Bytes) -> Bool) throws -> Bytes {
        var result: Bytes = []
        var buffer = Bytes(repeating: 0, count: 65536)
        var polled = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        while !isEnough(result) {
            guard poll(&polled, 1, milliseconds) > 0 else { break }
            let count = recv(fd, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            result += buffer[..<count]
        }
        return result
    }

    /// Sends a plain request and reads its reply.
    func request(_ method: String, _ path: String, _ body: Bytes = []) throws -> Reply? {
        try exchange(Self.bytes(method, path, body))
    }

    /// Sends bytes and reads one reply; none if no byte comes in time.
    func exchange(_ bytes: Bytes, milliseconds: Int32 = 5000) throws -> Reply? {
        try send(bytes)
        return try reply(milliseconds: milliseconds)
    }

    func reply(milliseconds: Int32 = 5000) throws -> Reply? {
        let received = try receive(milliseconds: milliseconds) { Reply($0)?.isWhole ?? false }
        return received.isEmpty ? nil : Reply(received)
    }

    static func bytes(_ method: String, _ path: String, _ body: Bytes = []) -> Bytes {
        let length = body.isEmpty ? "" : "Content-Length: \(body.count)\r\n"
        return Bytes("\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(length)\r\n") + body
    }
}
