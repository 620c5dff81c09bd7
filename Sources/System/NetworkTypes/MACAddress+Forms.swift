// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The forms of hardware addresses that Go's net.ParseMAC takes, and so what plugins and users write.
extension MACAddress {
    /// The bytes of a hardware address: pairs of hexadecimal digits joined by colons or by hyphens, or groups of four
    /// joined by dots; 6 bytes (Ethernet), 8 (EUI-64) or 20 (InfiniBand).
    public static func hardwareAddress(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count >= 14 else { return nil }
        let width: Int
        let separator: UInt8
        switch (digits[2], digits[4]) {
        case (UInt8(ascii: ":"), _), (UInt8(ascii: "-"), _): (width, separator) = (2, digits[2])
        case (_, UInt8(ascii: ".")): (width, separator) = (4, digits[4])
        default: return nil
        }
        guard (digits.count + 1) % (width + 1) == 0 else { return nil }
        let count = (digits.count + 1) / (width + 1) * width / 2
        guard [6, 8, 20].contains(count) else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for (place, digit) in digits.enumerated() {
            if place % (width + 1) == width {
                guard digit == separator else { return nil }
                continue
            }
            guard let value = hexadecimalDigit(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    /// An address of its six bytes; nil for any other count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 6 else { return nil }
        self.init(value: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Parses any of the forms; nil where it is not an Ethernet address.
    public init?(inAnyForm text: String) {
        guard let bytes = Self.hardwareAddress(text) else { return nil }
        self.init(bytes: bytes)
    }
}
