// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The addresses of a prefix, at one port or at any: `127.0.0.1`, `127.0.0.1:8080`, `10.0.0.0/8`, `::1`, `[::1]:8080`,
/// `[fe80::/10]:80`.
public struct EndpointRange: Hashable, Sendable {
    /// The addresses.
    public let prefix: IPPrefix
    /// The port; nil for any.
    public let port: UInt16?

    /// The addresses of a prefix.
    public init(_ prefix: IPPrefix, port: UInt16?) {
        self.prefix = prefix
        self.port = port
    }

    /// Parses an address or a prefix, and a port if there is one; nil for anything else.
    ///
    /// An IPv6 address stands in brackets where a port follows.
    public init?(_ text: String) {
        if let prefix = EndpointRange.prefix(text) {
            self.init(prefix, port: nil)
            return
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = EndpointRange.port(text[text.utf8.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        let isBracketed = host.utf8.first == UInt8(ascii: "[") && host.utf8.last == UInt8(ascii: "]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let prefix = EndpointRange.prefix(String(host)), isBracketed == (prefix.address.family == .v6)
        else { return nil }
        self.init(prefix, port: port)
    }

    /// Whether a port of an address is one of these.
    public func contains(_ address: IPAddress, port: UInt16) -> Bool {
        (self.port == nil || self.port == port) && prefix.contains(address)
    }

    /// The text that `init(_:)` reads.
    public var text: String {
        let isWhole = prefix.length == prefix.address.family.bits
        let addresses = isWhole ? prefix.address.text : prefix.text
        guard let port else { return addresses }
        return prefix.address.family == .v6 ? "[\(addresses)]:\(port)" : "\(addresses):\(port)"
    }

    private static func prefix(_ text: String) -> IPPrefix? {
        if let address = IPAddress(text) { return IPPrefix(address, length: address.family.bits) }
        return IPPrefix(text)
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard !text.isEmpty,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(text), port > 0
        else { return nil }
        return port
    }
}
