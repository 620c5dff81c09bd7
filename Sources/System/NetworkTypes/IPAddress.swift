// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The version of the Internet Protocol.
public enum IPFamily: Hashable, Sendable {
    /// IPv4.
    case v4
    /// IPv6.
    case v6

    /// Bits in an address.
    public var bits: Int { self == .v4 ? 32 : 128 }
}

/// An IPv4 or IPv6 address, without zone and without prefix.
public struct IPAddress: Hashable, Sendable {
    /// The family.
    public let family: IPFamily
    /// 4 or 16 bytes in network order.
    public let bytes: [UInt8]

    /// An address from its 4 or 16 bytes; nil for any other count.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: family = .v4
        case 16: family = .v6
        default: return nil
        }
        self.bytes = bytes
    }

    /// Parses dotted decimal (four numbers, no leading zeros) or RFC 4291 text.
    public init?(_ text: String) {
        let source = Array(text.utf8)
        if let bytes = IPAddress.v4(source[...]) {
            self.init(bytes: bytes)
        } else if let bytes = IPAddress.v6(source) {
            self.init(bytes: bytes)
        } else {
            return nil
        }
    }

    /// Whether all bits are zero: 0.0.0.0 or ::.
    public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// Whether this is fe80::/10 or 169.254.0.0/16.
    public var isLinkLocal: Bool {
        family == .v4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    /// Dotted decimal, or the text of RFC 5952.
    public var text: String { family == .v4 ? v4Text : v6Text }

    private var v4Text: String {
        var text: [UInt8] = []
        text.reserveCapacity(15)
        for (index, byte) in bytes.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ".")) }
            if byte >= 100 { text.append(UInt8(ascii: "0") + byte / 100) }
            if byte >= 10 { text.append(UInt8(ascii: "0") + byte / 10 % 10) }
            text.append(UInt8(ascii: "0") + byte % 10)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private var v6Text: String {
        // RFC 5952 section 5: the well-known prefix of mapped addresses shows that the rest is IPv4.
        if bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return "::ffff:\(bytes[12]).\(bytes[13]).\(bytes[14]).\(bytes[15])"
        }
        let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
        let gap = Self.longestZeros(groups)
        var text = ""
        var index = 0
        while index < 8 {
            if let gap, index == gap.lowerBound {
                text += "::"
                index = gap.upperBound
                continue
            }
            if !text.isEmpty, gap?.upperBound != index { text += ":" }
            text += String(groups[index], radix: 16)
            index += 1
        }
        return text
    }

    /// The first of the longest runs of at least two zero groups.
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < 8 {
            guard groups[start] == 0 else {
                start += 1
                continue
            }
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, best?.count ?? 0) { best = start..<end }
            start = end
        }
        return best
    }

    private static func v4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var number = 0
        var digits = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits > 0, number == 0 { return nil }
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
                guard number < 256 else { return nil }
            case UInt8(ascii: "."):
                guard digits > 0, bytes.count < 3 else { return nil }
                bytes.append(UInt8(number))
                number = 0
                digits = 0
            default: return nil
            }
        }
        guard digits > 0, bytes.count == 3 else { return nil }
        return bytes + [UInt8(number)]
    }

    private static func v6(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var gap: Int?
        var index = 0
        if text.starts(with: "::".utf8) {
            gap = 0
            index = 2
        }
        while index < text.count {
            guard bytes.count <= 14 else { return nil }
            let start = index
            var group: UInt16 = 0
            while index < text.count, let digit = hexadecimalDigit(text[index]) {
                guard index - start < 4 else { return nil }
                group = group << 4 | UInt16(digit)
                index += 1
            }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                guard bytes.count <= 12, let tail = v4(text[start...]) else { return nil }
                bytes += tail
                index = text.count
                break
            }
            guard index > start else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            guard index < text.count else { break }
            guard text[index] == UInt8(ascii: ":") else { return nil }
            index += 1
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = bytes.count
                index += 1
            }
        }
        guard let gap else { return bytes.count == 16 ? bytes : nil }
        guard bytes.count <= 14 else { return nil }
        return bytes[..<gap] + [UInt8](repeating: 0, count: 16 - bytes.count) + bytes[gap...]
    }
}
