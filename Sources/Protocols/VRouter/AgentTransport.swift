// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import NetworkTypes

/// Carries one request to the agent and its answer back.
///
/// Strictly one after another: the agent mixes up requests that come before it has answered.
protocol AgentTransport: AnyObject {
    /// Sends a request and waits for the whole answer.
    ///
    /// `deadline`: monotonic time in microseconds.
    func exchange(_ request: [UInt8], deadline: Int64) throws(TransportFailure) -> HTTPResponse
}

/// Why no answer came.
enum TransportFailure: Error, Hashable {
    case unreachable(errno: Int32)
    case silent
    case cut
    case garbled(String)
}

/// One TCP connection, kept for all requests of a run; a new one after any failure.
///
/// The write side stays open until the answer is read: the agent drops the answer of a half-closed
/// connection.
final class SocketTransport: AgentTransport {
    private let address: AgentAddress
    private var socket: Int32 = -1
    /// The socket's SO_RCVTIMEO in microseconds; 0 for none.
    private var receiveTimeout: Int64 = 0

    init(_ address: AgentAddress) { self.address = address }

    deinit { disconnect() }

    func exchange(_ request: [UInt8], deadline: Int64) throws(TransportFailure) -> HTTPResponse {
        let isKept = socket >= 0
        do throws(TransportFailure) {
            return try attempt(request, deadline: deadline)
        } catch {
            disconnect()
            // The agent may have restarted since the last request: once more, on a new connection.
            guard isKept, error == .cut else { throw error }
        }
        do throws(TransportFailure) {
            return try attempt(request, deadline: deadline)
        } catch {
            disconnect()
            throw error
        }
    }

    private func attempt(_ request: [UInt8], deadline: Int64) throws(TransportFailure) -> HTTPResponse {
        if socket < 0 { try connect(deadline) }
        try send(request)
        return try receive(deadline)
    }

    private func connect(_ deadline: Int64) throws(TransportFailure) {
        let opened = clinux_socket_tcp(address.ip.family == .v4 ? AF_INET : AF_INET6)
        guard opened >= 0 else { throw .unreachable(errno: -opened) }
        socket = opened
        // Also bounds connect(2). The request itself is small: it never waits.
        clinux_set_send_timeout(socket, max(1000, deadline - monotonicMicroseconds()))
        let result =
            switch address.ip.family {
            case .v4:
                clinux_connect_ipv4(
                    socket,
                    address.ip.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) },
                    address.port
                )
            case .v6: clinux_connect_ipv6(socket, address.ip.bytes, address.port)
            }
        guard result >= 0 else { throw result == -EINPROGRESS ? .silent : .unreachable(errno: -result) }
    }

    private func send(_ request: [UInt8]) throws(TransportFailure) {
        var offset = 0
        while offset < request.count {
            let sent = request.withUnsafeBytes { buffer in
                CLinux.send(
                    socket,
                    buffer.baseAddress.map { $0 + offset },
                    buffer.count - offset,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard sent >= 0 else { throw failure(clinux_errno()) }
            offset += sent
        }
    }

    private func receive(_ deadline: Int64) throws(TransportFailure) -> HTTPResponse {
        var bytes: [UInt8] = []
        let room = 4096
        while true {
            try setReceiveTimeout(deadline)
            var failure: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                let got = recv(socket, buffer.baseAddress, room, 0)
                if got < 0 { failure = clinux_errno() }
                count = max(0, got)
            }
            if failure == EAGAIN || failure == EINTR { continue }
            guard failure == 0 else { throw self.failure(failure) }
            guard !chunk.isEmpty else { throw .cut }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            switch HTTPResponse.parse(bytes) {
            case .incomplete: continue
            case .garbled(let what): throw .garbled(what)
            case .complete(let response):
                if response.isLast { disconnect() }
                return response
            }
        }
    }

    /// Sees to it that the next recv(2) ends at the deadline.
    ///
    /// What the socket has from an answer before will do if it ends it a few milliseconds early: then there is another
    /// recv(2) for the rest.
    private func setReceiveTimeout(_ deadline: Int64) throws(TransportFailure) {
        let left = deadline - monotonicMicroseconds()
        guard left > 0 else { throw .silent }
        guard left < receiveTimeout || left > receiveTimeout + 10_000 else { return }
        clinux_set_receive_timeout(socket, left)
        receiveTimeout = left
    }

    private func failure(_ errno: Int32) -> TransportFailure {
        switch errno {
        case EAGAIN, EWOULDBLOCK, ETIMEDOUT: .silent
        case EPIPE, ECONNRESET: .cut
        default: .unreachable(errno: errno)
        }
    }

    private func disconnect() {
        if socket >= 0 { close(socket) }
        socket = -1
        receiveTimeout = 0
    }
}
