// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CLinux
public import LinuxSystem
public import NetworkTypes

/// Serves `GET /metrics` and `GET /healthz` to few clients at a time, never waiting for one of them.
///
/// A request is bounded in size and time; where too many clients are there, the oldest that has not asked yet goes.
public final class MetricsServer {
    private let listener: Int32
    private var clients: [Client] = []
    /// Until when nobody is accepted, in monotonic microseconds.
    private var pauseEnd: Int64?

    /// How long nobody is accepted where descriptors have run out, in microseconds: whoever waits keeps poll(2) from
    /// waiting.
    public static let pause: Int64 = 1_000_000
    /// The most clients at a time.
    public static let mostClients = 16
    /// The longest request.
    public static let mostRequestBytes = 4096
    /// The longest that a client may take, in microseconds.
    public static let patience: Int64 = 5_000_000

    private struct Client {
        let socket: Int32
        let deadline: Int64
        var request: [UInt8] = []
        /// The reply, once the request is there.
        var reply: [UInt8]?
        var sent = 0
    }

    /// Listens on an address.
    public init(_ ip: IPAddress, _ port: UInt16) throws(SystemError) {
        let opened =
            switch ip.family {
            case .v4:
                clinux_listen_ipv4(ip.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }, port, 64)
            case .v6: clinux_listen_ipv6(ip.bytes, port, 64)
            }
        guard opened >= 0 else { throw SystemError("serve metrics at port", "\(port)", errno: -opened) }
        listener = opened
    }

    deinit {
        for client in clients { close(client.socket) }
        close(listener)
    }

    /// What to poll for.
    public var pollTargets: [pollfd] {
        // A negative descriptor is passed over.
        [pollfd(fd: pauseEnd == nil ? listener : -1, events: Int16(POLLIN), revents: 0)]
            + clients.map { client in
                pollfd(fd: client.socket, events: Int16(client.reply == nil ? POLLIN : POLLOUT), revents: 0)
            }
    }

    /// When the first client's time is up, or others are accepted again; nil for neither.
    public var deadline: Int64? {
        guard let client = clients.first?.deadline else { return pauseEnd }
        return min(client, pauseEnd ?? client)
    }

    /// Goes on with the clients that are ready, and takes new ones.
    ///
    /// `ready`: what poll(2) made of the targets. `metrics`: makes the text, once at most.
    public func proceed(_ ready: ArraySlice<pollfd>, now: Int64, metrics: () -> [UInt8]) {
        var text: [UInt8]?
        func body() -> [UInt8] {
            if let text { return text }
            let made = metrics()
            text = made
            return made
        }
        var kept: [Client] = []
        for var client in clients {
            let events = ready.first { $0.fd == client.socket }?.revents ?? 0
            let goesOn = events == 0 || proceed(&client, body)
            if goesOn, now < client.deadline { kept.append(client) } else { close(client.socket) }
        }
        clients = kept
        if let end = pauseEnd, now >= end { pauseEnd = nil }
        guard ready.contains(where: { $0.fd == listener && $0.revents != 0 }) else { return }
        for _ in 0..<8 {
            let socket = clinux_accept_nonblocking(listener)
            guard socket >= 0 else {
                if -socket != EAGAIN, -socket != EINTR, -socket != ECONNABORTED {
                    pauseEnd = now + Self.pause
                }
                return
            }
            makeRoom()
            var client = Client(socket: socket, deadline: now + Self.patience)
            // Most have asked already.
            if proceed(&client, body) { clients.append(client) } else { close(socket) }
        }
    }

    private func makeRoom() {
        guard clients.count >= Self.mostClients else { return }
        let oldest = clients.firstIndex { $0.reply == nil } ?? 0
        close(clients.remove(at: oldest).socket)
    }

    /// Reads, or writes, what goes without waiting.
    ///
    /// - Returns: Whether there is more to do for this client.
    private func proceed(_ client: inout Client, _ body: () -> [UInt8]) -> Bool {
        if client.reply == nil {
            guard read(&client) else { return false }
            guard Self.isWhole(client.request) else {
                return client.request.count < Self.mostRequestBytes
            }
            client.reply = Self.reply(to: client.request, body)
        }
        return write(&client)
    }

    private func read(_ client: inout Client) -> Bool {
        let room = Self.mostRequestBytes - client.request.count
        var bytes = [UInt8](repeating: 0, count: room)
        let count = recv(client.socket, &bytes, room, 0)
        if count < 0 { return clinux_errno() == EAGAIN || clinux_errno() == EINTR }
        client.request += bytes[..<count]
        return count > 0
    }

    private func write(_ client: inout Client) -> Bool {
        guard let reply = client.reply else { return false }
        // Bounded: one client must not take all the time.
        for _ in 0..<16 where client.sent < reply.count {
            let offset = client.sent
            let count = reply.withUnsafeBytes { buffer in
                send(
                    client.socket,
                    buffer.baseAddress.map { $0 + offset },
                    buffer.count - offset,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return clinux_errno() == EAGAIN || clinux_errno() == EINTR }
            client.sent += count
        }
        return client.sent < reply.count
    }

    /// Whether the empty line that ends a request's header is there.
    public static func isWhole(_ request: [UInt8]) -> Bool {
        var last: [UInt8] = []
        for byte in request where byte != 0x0D {
            if byte == 0x0A, last == [0x0A] { return true }
            last = [byte]
        }
        return false
    }

    /// The answer to a whole request.
    public static func reply(to request: [UInt8], _ metrics: () -> [UInt8]) -> [UInt8] {
        let line = request.prefix { $0 != 0x0D && $0 != 0x0A }
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, words[0].elementsEqual("GET".utf8), words[2].starts(with: "HTTP/1.".utf8)
        else {
            return response("404 Not Found", "text/plain", Array("not found\n".utf8))
        }
        let path = words[1].prefix { $0 != UInt8(ascii: "?") }
        if path.elementsEqual("/metrics".utf8) {
            return response("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics())
        }
        if path.elementsEqual("/healthz".utf8) {
            return response("200 OK", "text/plain", Array("ok\n".utf8))
        }
        return response("404 Not Found", "text/plain", Array("not found\n".utf8))
    }

    private static func response(_ status: String, _ type: String, _ body: [UInt8]) -> [UInt8] {
        let header =
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
            + "Connection: close\r\n\r\n"
        return Array(header.utf8) + body
    }
}
