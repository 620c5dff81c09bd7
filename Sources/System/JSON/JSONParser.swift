// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The deepest nesting that is read.
    public static let maximumDepth = 64
    /// The longest text that is read, in bytes.
    public static let maximumSize = 1 << 20

    /// Reads one JSON text (RFC 8259).
    ///
    /// Stricter than the standard: duplicate keys, texts over 1 MiB and nesting over 64 levels are
    /// refused.
    ///
    /// - Throws: `JSONError.syntax` with the byte offset.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        guard bytes.count <= Self.maximumSize else {
            throw .syntax(
                offset: Self.maximumSize,
                reason: "the text is longer than \(Self.maximumSize) bytes"
            )
        }
        var parser = JSONParser(bytes: bytes)
        self = try parser.text()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var offset = 0

    mutating func text() throws(JSONError) -> JSONValue {
        skipSpace()
        let result = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw error("unexpected text after the value") }
        return result
    }

    func error(_ reason: String) -> JSONError { .syntax(offset: offset, reason: reason) }

    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.maximumDepth else {
            throw error("nested deeper than \(JSONValue.maximumDepth) levels")
        }
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            return .number(try number())
        case nil: throw error("the text ends where a value should be")
        default: throw error("expected a value")
        }
    }

    mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard next == text.utf8Start[index] else { throw error("expected a value") }
            offset += 1
        }
        return value
    }

    mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            offset += 1
            return elements
        }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            switch next {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "]"):
                offset += 1
                return elements
            default: throw error("expected ',' or ']' in an array")
            }
        }
    }

    mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        offset += 1
        var object = JSONObject()
        var seen: Set<[UInt8]> = []
        skipSpace()
        if next == UInt8(ascii: "}") {
            offset += 1
            return object
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
            let start = offset
            let key = try string()
            guard isNew(key, in: object, &seen) else {
                throw .syntax(offset: start, reason: "the key \"\(key)\" appears twice")
            }
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("expected ':' after a key") }
            offset += 1
            skipSpace()
            object.append(unique: key, try value(depth: depth + 1))
            skipSpace()
            switch next {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "}"):
                offset += 1
                return object
            default: throw error("expected ',' or '}' in an object")
            }
        }
    }

    /// Looks through small objects one by one, through large ones by a set: neither costs much.
    func isNew(_ key: String, in object: JSONObject, _ seen: inout Set<[UInt8]>) -> Bool {
        let count = object.members.count
        if count < 24 { return object[key] == nil }
        if seen.isEmpty { for member in object.members { seen.insert(Array(member.key.utf8)) } }
        return seen.insert(Array(key.utf8)).inserted
    }

    mutating func number() throws(JSONError) -> String {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") {
            offset += 1
        } else {
            try digits()
        }
        if next == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
        guard offset > start else { throw error("expected a digit") }
    }

    mutating func string() throws(JSONError) -> String {
        offset += 1
        let start = offset
        offset += bytes.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { plainCount($0 + start, bytes.count - start) } ?? 0
        }
        if next == UInt8(ascii: "\"") {
            offset += 1
            return try utf8(bytes[start..<(offset - 1)], from: start)
        }
        return try escapedString(from: start)
    }

    mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<offset])
        while true {
            switch next {
            case nil: throw error("the string does not end")
            case UInt8(ascii: "\""):
                offset += 1
                return try utf8(text[...], from: start)
            case UInt8(ascii: "\\"):
                offset += 1
                try escape(into: &text)
            case .some(let byte):
                guard byte >= 0x20 else { throw error("a control character must be escaped") }
                text.append(byte)
                offset += 1
            }
        }
    }

    func utf8(_ text: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let string = String(validating: text, as: UTF8.self) else {
            throw .syntax(offset: start, reason: "the string is not UTF-8")
        }
        return string
    }

    mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let letter = next
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): if let letter { text.append(letter) }
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(into: &text)
        default:
            offset -= 1
            throw error("unknown escape")
        }
    }

    mutating func unicodeEscape(into text: inout [UInt8]) throws(JSONError) {
        var code = try hexadecimal()
        if code >= 0xD800, code < 0xDC00 {
            guard next == UInt8(ascii: "\\"), offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "u")
            else {
                throw error("half a surrogate pair")
            }
            offset += 2
            let low = try hexadecimal()
            guard low >= 0xDC00, low < 0xE000 else { throw error("half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
        text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    }

    mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch next {
            case .some(let byte) where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"):
                digit = byte - UInt8(ascii: "0")
            case .some(let byte) where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"):
                digit = byte - UInt8(ascii: "a") + 10
            case .some(let byte) where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"):
                digit = byte - UInt8(ascii: "A") + 10
            default: throw error("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
