// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An Ethernet MAC address.
public struct MACAddress: Hashable, Sendable {
    /// The six bytes as one number, first byte highest.
    public let value: UInt64

    /// A MAC address from its bytes as a number; bits above the lowest 48 are dropped.
    public init(value: UInt64) { self.value = value & 0xFFFF_FFFF_FFFF }

    /// Parses the canonical form only: six pairs of hexadecimal digits joined by colons.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 17 else { return nil }
        var value: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index % 3 == 2 {
                guard byte == UInt8(ascii: ":") else { return nil }
            } else {
                guard let digit = hexadecimalDigit(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
        }
        self.value = value
    }

    /// The six bytes.
    public var bytes: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: value >> (8 * (5 - UInt64($0)))) } }

    /// Whether an interface can have this address: not zero, not broadcast, not multicast.
    public var isUnicast: Bool { value != 0 && value >> 40 & 1 == 0 }

    /// Lower-case hexadecimal pairs joined by colons.
    public var text: String {
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ":")) }
            text.append(hexadecimalDigits[Int(byte >> 4)])
            text.append(hexadecimalDigits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

let hexadecimalDigits = Array("0123456789abcdef".utf8)

/// The value of a hexadecimal digit of either case.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
