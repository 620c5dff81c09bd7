// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import NetworkTypes
import Resident
import VRouter

/// One idle connection to the agent: the agent never closes it, so its end is the agent's end.
///
/// No request is ever sent over it.
struct AgentWatch: ~Copyable {
    private let address: AgentAddress
    private var socket: Int32 = -1
    private var backoff = Backoff(first: 50_000, most: 5_000_000)
    /// When to try the next connection, in monotonic microseconds.
    private(set) var nextTry: Int64 = 0

    /// The longest that connect(2) may take, in microseconds.
    private static let connectLimit: Int64 = 500_000

    init(_ address: AgentAddress) { self.address = address }

    deinit { if socket >= 0 { close(socket) } }

    /// The descriptor to poll; nil while there is no connection.
    var descriptor: Int32? { socket >= 0 ? socket : nil }

    /// Tries to connect.
    ///
    /// - Returns: Whether it did.
    mutating func connect(now: Int64) -> Bool {
        drop(now: now)
        let opened = clinux_socket_tcp(address.ip.family == .v4 ? AF_INET : AF_INET6)
        guard opened >= 0 else { return false }
        clinux_set_send_timeout(opened, Self.connectLimit)
        let result =
            switch address.ip.family {
            case .v4:
                clinux_connect_ipv4(
                    opened,
                    address.ip.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) },
                    address.port
                )
            case .v6: clinux_connect_ipv6(opened, address.ip.bytes, address.port)
            }
        guard result >= 0 else {
            close(opened)
            return false
        }
        socket = opened
        return true
    }

    /// The agent has taken all that it was told: the next loss is tried again at once.
    mutating func confirm() { backoff.reset() }

    /// Gives the connection up; the next try comes later.
    mutating func drop(now: Int64) {
        if socket >= 0 { close(socket) }
        socket = -1
        nextTry = now + backoff.next()
    }

    /// Whether the connection has ended; what the agent might say is passed over.
    func hasEnded() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        if count > 0 { return false }
        return count == 0 || (clinux_errno() != EAGAIN && clinux_errno() != EINTR)
    }
}
