// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Reads numbers and attributes; what is cut short reads as zero or as absent.
struct NetlinkReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
        let part = rest.prefix(MemoryLayout<Number>.size)
        rest = rest.dropFirst(part.count)
        return Self.number(part)
    }

    mutating func skip(_ count: Int) {
        rest = rest.dropFirst(count)
    }

    /// Type without the flag of nesting, and value.
    mutating func attribute() -> (type: UInt16, value: ArraySlice<UInt8>)? {
        guard rest.count >= 4 else { return nil }
        let length = Int(number(UInt16.self))
        let type: UInt16 = number()
        guard length >= 4, length - 4 <= rest.count else { return nil }
        let value = rest.prefix(length - 4)
        skip((length - 4 + 3) & ~3)
        return (type & 0x3fff, value)
    }

    /// The message's type and payload.
    mutating func message() -> (type: UInt16, sequence: UInt32, payload: ArraySlice<UInt8>)? {
        guard rest.count >= 16 else { return nil }
        let length = Int(number(UInt32.self))
        let type: UInt16 = number()
        skip(2)
        let sequence: UInt32 = number()
        skip(4)
        guard length >= 16, length - 16 <= rest.count else { return nil }
        let payload = rest.prefix(length - 16)
        skip((length - 16 + 3) & ~3)
        return (type, sequence, payload)
    }

    /// A number of as many bytes as there are, in host order.
    static func number<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Number {
        bytes.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// Every attribute of a payload; the last of a type wins.
    static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt16: ArraySlice<UInt8>] {
        var reader = NetlinkReader(bytes)
        var result: [UInt16: ArraySlice<UInt8>] = [:]
        while let (type, value) = reader.attribute() { result[type] = value }
        return result
    }
}
