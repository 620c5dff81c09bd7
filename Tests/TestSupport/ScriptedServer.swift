// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// A TCP server on 127.0.0.1 that answers each HTTP request with the bytes of a script, right or wrong.
///
/// Like the vRouter agent, it drops the answer of a client that closed its write side. It ends with this
/// object, and by itself after half a minute.
public final class ScriptedServer: Sendable {
    /// A request as it arrived.
    public struct Request: Hashable, Sendable {
        /// The first line, like `GET /vm-cfg/a HTTP/1.1`.
        public let line: String
        /// All bytes, header and body.
        public let text: String
        /// The body.
        public let body: String
        /// Which connection it came on, from 1.
        public let connection: Int
        /// Which request it is of all that the server got, from 1.
        public let number: Int
    }

    /// What the server does about a request.
    public enum Reply: Sendable {
        /// Sends bytes and keeps the connection.
        case bytes([UInt8])
        /// Sends bytes and closes the connection.
        case bytesThenClose([UInt8])
        /// Waits, looks whether the client still has its write side open, and sends the bytes only then.
        case later(milliseconds: Int32, [UInt8])
        /// Sends bytes one by one, with a pause after each.
        case dripped(milliseconds: Int32, [UInt8])
        /// Sends nothing and keeps the connection.
        case silence
        /// Closes the connection.
        case close

        /// An answer as the vRouter agent writes it: the reason is OK whatever the status.
        public static func agent(_ status: Int, _ body: String) -> Reply { .bytes(agentBytes(status, body)) }

        /// The bytes of such an answer.
        public static func agentBytes(_ status: Int, _ body: String) -> [UInt8] {
            Array(
                ("HTTP/1.1 \(status) OK\r\nContent-Type: application/json; charset=UTF-8\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8
            )
        }
    }

    /// The TCP port that it listens on.
    public let port: UInt16
    private let log = Log()
    private let thread: PlainThread

    /// Starts a server.
    /// - Parameter script: Called for each request, in the order in which they come.
    public init(_ script: @escaping @Sendable (Request) -> Reply) {
        let listener = Self.listener()
        port = Self.port(of: listener)
        let log = log
        thread = PlainThread {
            var loop = Loop(listener: listener, log: log, script: script)
            loop.run()
        }
    }

    deinit {
        log.stop()
        thread.join()
    }

    /// All requests so far.
    public var requests: [Request] { log.requests }

    /// A port on which nobody listens.
    public static func unusedPort() -> UInt16 {
        let listener = Self.listener()
        defer { close(listener) }
        return port(of: listener)
    }

    private static func listener() -> Int32 {
        let listener = clinux_socket_tcp(AF_INET)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = MemoryLayout<sockaddr_in>.size
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, socklen_t(size)) }
        }
        guard result == 0, listen(listener, 16) == 0 else {
            fatalError("cannot listen: errno \(clinux_errno())")
        }
        return listener
    }

    private static func port(of socket: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// What the server's thread and the test share.
private final class Log: Sendable {
    private let state = Mutex<(requests: [ScriptedServer.Request], isStopped: Bool)>(([], false))

    var requests: [ScriptedServer.Request] { state.withLock { $0.requests } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func add(_ request: ScriptedServer.Request) { state.withLock { $0.requests.append(request) } }
    func stop() { state.withLock { $0.isStopped = true } }
}

/// The server's thread: one poll(2) after another over the listener and all connections.
private struct Loop {
    struct Connection {
        let socket: Int32
        let number: Int
        var received: [UInt8] = []
    }

    static let longestLife: Int64 = 30_000_000

    let listener: Int32
    let log: Log
    let script: @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply
    var connections: [Connection] = []
    var accepted = 0

    mutating func run() {
        let end = clinux_monotonic_microseconds() + Self.longestLife
        while !log.isStopped, clinux_monotonic_microseconds() < end {
            var polled = ([listener] + connections.map(\.socket)).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&polled, nfds_t(polled.count), 10) > 0 else { continue }
            // Backwards, so that a connection that is closed does not move those still to be served.
            for index in connections.indices.reversed() where polled[index + 1].revents != 0 {
                if !serve(&connections[index]) {
                    close(connections[index].socket)
                    connections.remove(at: index)
                }
            }
            if polled[0].revents != 0 {
                accepted += 1
                connections.append(
                    Connection(socket: accept(listener, nil, nil), number: accepted)
                )
            }
        }
        for connection in connections { close(connection.socket) }
        close(listener)
    }

    /// Reads what has come and answers a whole request.
    /// - Returns: Whether the connection stays open.
    private func serve(_ connection: inout Connection) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection.socket, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        connection.received += chunk[..<count]
        guard let request = request(connection) else { return true }
        connection.received = []
        log.add(request)
        switch script(request) {
        case .bytes(let bytes): return send(bytes, connection.socket)
        case .bytesThenClose(let bytes):
            _ = send(bytes, connection.socket)
            return false
        case .later(let milliseconds, let bytes):
            var polled = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, milliseconds) == 0 else { return false }
            return send(bytes, connection.socket)
        case .dripped(let milliseconds, let bytes):
            for byte in bytes {
                guard !log.isStopped, send([byte], connection.socket) else { return false }
                usleep(UInt32(milliseconds) * 1000)
            }
            return true
        case .silence: return true
        case .close: return false
        }
    }

    private func request(_ connection: Connection) -> ScriptedServer.Request? {
        let text = String(decoding: connection.received, as: UTF8.self)
        let bytes = connection.received
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: "\r\n\r\n".utf8) }) else {
            return nil
        }
        let body = bytes[(end + 4)...]
        var length = 0
        let header = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        for line in header where line.lowercased().hasPrefix("content-length:") {
            length = Int(line.split(separator: " ").last ?? "0") ?? 0
        }
        guard body.count >= length else { return nil }
        return ScriptedServer.Request(
            line: String(header.first ?? ""),
            text: text,
            body: String(decoding: body, as: UTF8.self),
            connection: connection.number,
            number: log.requests.count + 1
        )
    }

    private func send(_ bytes: [UInt8], _ socket: Int32) -> Bool {
        CLinux.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }
}
