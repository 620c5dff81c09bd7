// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// Where the agent listens.
///
/// An IP literal: no name is ever resolved.
public struct AgentAddress: Hashable, Sendable {
    /// The address.
    public let ip: IPAddress
    /// The TCP port.
    public let port: UInt16

    /// An address and a port.
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Parses `127.0.0.1:9091` or `[::1]:9091`.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(text[text.utf8.index(after: colon)...])
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard let ip = IPAddress(host) else { return nil }
        self.init(ip: ip, port: port)
    }

    /// `127.0.0.1:9091` or `[::1]:9091`.
    public var text: String { ip.family == .v4 ? "\(ip.text):\(port)" : "[\(ip.text)]:\(port)" }
}
