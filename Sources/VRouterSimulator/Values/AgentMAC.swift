// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A MAC address as the agent scans it.
struct AgentMAC: Hashable, Sendable {
    let bytes: Bytes

    static let zero = AgentMAC(bytes: Bytes(repeating: 0, count: 6))
    /// The address that the vRouter answers with for every gateway.
    static let gateway = AgentMAC(bytes: [0, 0, 0x5e, 0, 1, 0])

    init(bytes: Bytes) {
        self.bytes = bytes
    }

    /// Reads six numbers of at most two characters between exactly five colons, as scanf's `%2x` does:
    /// blanks before a number are skipped and a sign is taken.
    ///
    /// Anything else, and the zero address, is none.
    init?(lenient text: Bytes) {
        guard text.count(where: { $0 == UInt8(ascii: ":") }) == 5 else { return nil }
        var bytes: Bytes = []
        for part in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard let byte = Self.scan(part) else { return nil }
            bytes.append(byte)
        }
        guard bytes.contains(where: { $0 != 0 }) else { return nil }
        self.bytes = bytes
    }

    private static func scan(_ part: ArraySlice<UInt8>) -> UInt8? {
        var digits = part.drop(while: \.isSpace)
        guard digits.count <= 2 else { return nil }
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var value: UInt8 = 0
        for digit in digits {
            guard let nibble = digit.hexValue else { return nil }
            value = value << 4 | nibble
        }
        return isNegative ? 0 &- value : value
    }

    /// Lower case, two digits a byte.
    var text: String {
        var result: Bytes = []
        for byte in bytes {
            if !result.isEmpty { result.append(UInt8(ascii: ":")) }
            result.append(hex: byte)
        }
        return result.text
    }

    /// The link-local address that a guest derives from this MAC: RFC 4291, appendix A.
    var linkLocal: IPv6 {
        IPv6(
            bytes: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe]
                + bytes[3...]
        )
    }
}
