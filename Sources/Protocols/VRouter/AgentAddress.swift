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
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text.utf8[text.utf8.index(after: colon)...]
        guard let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0, isNumeral(digits) else {
            return nil
        }
        var host = text.utf8[..<colon]
        let isBracketed = host.count > 2 && host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let ip = IPAddress(String(decoding: host, as: UTF8.self)), isBracketed == (ip.family == .v6)
        else {
            return nil
        }
        self.init(ip: ip, port: port)
    }

    /// `127.0.0.1:9091` or `[::1]:9091`.
    public var text: String { ip.family == .v4 ? "\(ip.text):\(port)" : "[\(ip.text)]:\(port)" }
}

/// Whether a text is digits only: Swift's own conversions take a sign, too.
func isNumeral(_ text: some Collection<UInt8>) -> Bool {
    !text.isEmpty && text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}
