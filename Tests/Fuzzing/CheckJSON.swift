// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON

/// JSON: accepted exactly where a second, independent reader accepts, and written as that one writes it.
func checkJSON(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
    var reference = ReferenceJSON(input)
    let expected = reference.normalised()
    let value: JSONValue
    do throws(JSONError) {
        value = try JSONValue(parsing: input)
    } catch {
        try hold(expected == nil, "JSON refused: \(error.message)")
        guard case .syntax(let offset, _) = error else {
            throw BrokenInvariant(description: "no syntax error: \(error.message)")
        }
        try hold((0...input.count).contains(offset), "the offset \(offset) is outside the text")
        return false
    }
    let text = value.serialized()
    try hold(expected != nil, "no JSON, and accepted as \(String(decoding: text, as: UTF8.self))")
    try hold(text == expected, "written as \(String(decoding: text, as: UTF8.self))")
    try holdRoundTrip(value)
    return true
}

/// What was written is read as the same value.
func holdRoundTrip(_ value: JSONValue) throws(BrokenInvariant) {
    let text = value.serialized()
    // Escapes make text longer: "\b" of two bytes is written with six.
    guard text.count <= JSONValue.maximumSize else { return }
    let again = try mustSucceed("what was written is refused") { () throws(JSONError) in
        try JSONValue(parsing: text)
    }
    try hold(again == value, "read as another value")
    try hold(again.serialized() == text, "written in another way the second time")
}

/// Reads JSON with a stack instead of recursion and writes it again: no blanks, escapes only where they must be.
struct ReferenceJSON {
    private let bytes: [UInt8]
    private var place = 0
    private var output: [UInt8] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private enum Level {
        case array
        case object(Set<[UInt8]>)
    }

    /// The text as our writer must write it; nil where it must be refused.
    mutating func normalised() -> [UInt8]? {
        guard bytes.count <= 1 << 20 else { return nil }
        var levels: [Level] = []
        while true {
            // A value, and before it the key.
            if case .object(let keys)? = levels.last {
                blanks()
                guard peek() == UInt8(ascii: "\""), let key = string(), !keys.contains(key) else {
                    return nil
                }
                levels[levels.count - 1] = .object(keys.union([key]))
                blanks()
                guard take(":") else { return nil }
            }
            blanks()
            guard levels.count < 64, let first = peek() else { return nil }
            switch first {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                let isObject = first == UInt8(ascii: "{")
                _ = take(isObject ? "{" : "[")
                blanks()
                if !take(isObject ? "}" : "]") {
                    levels.append(isObject ? .object([]) : .array)
                    continue
                }
            case UInt8(ascii: "\""): guard string() != nil else { return nil }
            default: guard word() else { return nil }
            }
            // What follows a value.
            while true {
                blanks()
                guard let level = levels.last else { return place == bytes.count ? output : nil }
                if take(",") { break }
                if case .array = level {
                    guard take("]") else { return nil }
                } else {
                    guard take("}") else { return nil }
                }
                levels.removeLast()
            }
        }
    }

    private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: letter) else { return false }
        output.append(UInt8(ascii: letter))
        place += 1
        return true
    }

    private mutating func blanks() {
        while let byte = peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    /// `true`, `false`, `null` or a number: all that runs to the next byte that can't be in one.
    private mutating func word() -> Bool {
        let start = place
        while let byte = peek(), !"[]{},:\"".utf8.contains(byte), byte > 0x20 { place += 1 }
        let word = bytes[start..<place]
        output += word
        let isName = ["true", "false", "null"].contains { word.elementsEqual($0.utf8) }
        return isName || Self.isNumber(word)
    }

    private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
        var rest = word
        func digits() -> ArraySlice<UInt8> {
            rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = digits()
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return false }
        rest.removeFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard !digits().isEmpty else { return false }
            rest.removeFirst(digits().count)
        }
        if let letter = rest.first, "eE".utf8.contains(letter) {
            rest.removeFirst()
            if let sign = rest.first, "+-".utf8.contains(sign) { rest.removeFirst() }
            guard !digits().isEmpty else { return false }
            rest.removeFirst(digits().count)
        }
        return rest.isEmpty
    }

    /// The bytes that a string stands for.
    private mutating func string() -> [UInt8]? {
        place += 1
        var content: [UInt8] = []
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { return nil }
            place += 1
            if byte != UInt8(ascii: "\\") {
                content.append(byte)
                continue
            }
            guard let letter = peek() else { return nil }
            place += 1
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
            case UInt8(ascii: "b"): content.append(8)
            case UInt8(ascii: "t"): content.append(9)
            case UInt8(ascii: "n"): content.append(10)
            case UInt8(ascii: "f"): content.append(12)
            case UInt8(ascii: "r"): content.append(13)
            case UInt8(ascii: "u"):
                guard let scalar = scalar() else { return nil }
                content += String(scalar).utf8
            default: return nil
            }
        }
        guard peek() == UInt8(ascii: "\""), String(validating: content, as: UTF8.self) != nil else {
            return nil
        }
        place += 1
        output.append(UInt8(ascii: "\""))
        for byte in content {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0x0A: output += "\\n".utf8
            case 0..<0x10: output += "\\u000\(String(byte, radix: 16))".utf8
            case 0x10..<0x20: output += "\\u00\(String(byte, radix: 16))".utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
        return content
    }

    private mutating func scalar() -> Unicode.Scalar? {
        guard let first = unit() else { return nil }
        guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
        guard bytes[place...].starts(with: "\\u".utf8) else { return nil }
        place += 2
        guard let second = unit(), UTF16.isTrailSurrogate(second) else { return nil }
        return String(decoding: [first, second], as: UTF16.self).unicodeScalars.first
    }

    private mutating func unit() -> UInt16? {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }) else {
            return nil
        }
        place += 4
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
