// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The value as compact JSON text, keys in their order, without a final newline.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.text
    }
}

/// Text under construction: memory of its own instead of an array, which checks its owner at each byte.
private struct JSONWriter: ~Copyable {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var capacity = 2048

    init() { bytes = .allocate(capacity: capacity) }

    deinit { bytes.deallocate() }

    var text: [UInt8] {
        Array(unsafeUninitializedCapacity: count + 1) { buffer, filled in
            buffer.baseAddress?.initialize(from: bytes, count: count)
            filled = count
        }
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let digits): append(digits)
        case .string(let string): quote(string)
        case .array(let elements):
            append(UInt8(ascii: "["))
            for index in elements.indices {
                if index > 0 { append(UInt8(ascii: ",")) }
                write(elements[index])
            }
            append(UInt8(ascii: "]"))
        case .object(let object):
            append(UInt8(ascii: "{"))
            let members = object.members
            for index in members.indices {
                if index > 0 { append(UInt8(ascii: ",")) }
                quote(members[index].key)
                append(UInt8(ascii: ":"))
                write(members[index].value)
            }
            append(UInt8(ascii: "}"))
        }
    }

    /// Copies what needs no escape in one piece.
    private mutating func quote(_ string: String) {
        var string = string
        append(UInt8(ascii: "\""))
        string.withUTF8 { characters in
            guard var rest = characters.baseAddress else { return }
            let end = rest + characters.count
            while true {
                let stop = rest + plainCount(rest, end - rest)
                append(UnsafeBufferPointer(start: rest, count: stop - rest))
                guard stop < end else { return }
                escape(stop.pointee)
                rest = stop + 1
            }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 0x0A: append(UInt8(ascii: "n"))
        case 0..<0x20:
            append("u00")
            append(hexadecimal[Int(byte >> 4)])
            append(hexadecimal[Int(byte & 15)])
        default: append(byte)
        }
    }

    private mutating func append(_ byte: UInt8) {
        reserve(1)
        bytes[count] = byte
        count += 1
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    private mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        guard let start = more.baseAddress else { return }
        reserve(more.count)
        (bytes + count).initialize(from: start, count: more.count)
        count += more.count
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.moveInitialize(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
    }
}

private let hexadecimal = Array("0123456789abcdef".utf8)
