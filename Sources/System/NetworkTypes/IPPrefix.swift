// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An address and the length of its network's prefix, like 10.47.0.3/12.
public struct IPPrefix: Hashable, Sendable {
    /// The address, host bits kept.
    public let address: IPAddress
    /// Bits of the network part: 0 to 32, or 0 to 128.
    public let length: Int

    /// An address and a prefix length; nil if the length does not fit the family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bits).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// Parses `address/length`.
    public init?(_ text: String) {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")),
            let address = IPAddress(String(text[..<slash]))
        else { return nil }
        let digits = text[text.utf8.index(after: slash)...]
        guard !digits.isEmpty,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let length = Int(digits)
        else { return nil }
        self.init(address, length: length)
    }

    /// The default route's destination of a family: 0.0.0.0/0 or ::/0.
    public static func `default`(_ family: IPFamily) -> IPPrefix {
        IPPrefix(unchecked: IPAddress(unspecified: family), length: 0)
    }

    private init(unchecked address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    /// Whether an address lies in this network.
    public func contains(_ other: IPAddress) -> Bool {
        guard other.family == address.family else { return false }
        for index in 0..<address.bytes.count {
            let bits = min(8, max(0, length - 8 * index))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            if (address.bytes[index] ^ other.bytes[index]) & mask != 0 { return false }
        }
        return true
    }

    /// `address/length`.
    public var text: String { "\(address.text)/\(length)" }
}

extension IPAddress {
    /// 0.0.0.0 or ::.
    public init(unspecified family: IPFamily) {
        self.family = family
        bytes = [UInt8](repeating: 0, count: family.bits / 8)
    }
}
