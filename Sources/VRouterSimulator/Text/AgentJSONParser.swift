// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Reads JSON as rapidjson 1.1.0 does with its default flags: strict syntax, no check of UTF-8, a NUL ends the text.
///
/// It keeps a stack of its own, so that depth costs heap and not the thread's stack; values below
/// ``levels`` are checked, but not kept.
struct AgentJSONParser {
    static let levels = 16

    private let text: Bytes
    private var position = 0
    private var stack: [Frame] = []
    /// The deepest nesting met.
    private(set) var depth = 0

    private struct Frame {
        var isObject: Bool
        var members: [AgentJSON.Member] = []
        var elements: [AgentJSON] = []
        var key: Bytes = []
        var isEmpty = true
    }

    init(_ text: Bytes) {
        self.text = text.beforeNUL
    }

    /// The value, or none if the text is not JSON.
    mutating func parse() -> AgentJSON? {
        skipSpace()
        while true {
            guard var value = nextValue() else { return nil }
            while let finished = value {
                guard !stack.isEmpty else {
                    skipSpace()
                    return position == text.count ? finished : nil
                }
                add(finished)
                guard let closed = separator() else { return nil }
                value = closed
            }
        }
    }

    // MARK: Structure

    /// The next scalar or empty container; an inner nil if a container was opened; an outer nil for an error.
    private mutating func nextValue() -> AgentJSON?? {
        guard let character = peek() else { return nil }
        switch character {
        case UInt8(ascii: "{"): return open(isObject: true)
        case UInt8(ascii: "["): return open(isObject: false)
        case UInt8(ascii: "\""): return string().map { .some(.string($0)) }
        case UInt8(ascii: "t"): return literal("true", .bool(true))
        case UInt8(ascii: "f"): return literal("false", .bool(false))
        case UInt8(ascii: "n"): return literal("null", .null)
        default: return number().map { .some($0) }
        }
    }

    private mutating func open(isObject: Bool) -> AgentJSON?? {
        position += 1
        skipSpace()
        stack.append(Frame(isObject: isObject))
        depth = max(depth, stack.count)
        if peek() == UInt8(ascii: isObject ? "}" : "]") {
            return .some(close())
        }
        if isObject && !key() { return nil }
        return .some(nil)
    }

    private mutating func close() -> AgentJSON {
        position += 1
        let isKept = stack.count <= Self.levels
        let frame = stack.removeLast()
        guard isKept else { return .deep }
        return frame.isObject ? .object(frame.members) : .array(frame.elements)
    }

    private mutating func add(_ value: AgentJSON) {
        let last = stack.count - 1
        guard stack.count <= Self.levels else { return }
        if stack[last].isObject {
            stack[last].members.append(.init(key: stack[last].key, value: value))
        } else {
            stack[last].elements.append(value)
        }
    }

    /// After a value: an inner nil after a comma, the container if it ends here, an outer nil for an error.
    private mutating func separator() -> AgentJSON?? {
        skipSpace()
        guard let isObject = stack.last?.isObject, let character = peek() else { return nil }
        if character == UInt8(ascii: isObject ? "}" : "]") {
            return .some(close())
        }
        guard character == UInt8(ascii: ",") else { return nil }
        position += 1
        skipSpace()
        if isObject && !key() { return nil }
        return .some(nil)
    }

    private mutating func key() -> Bool {
        guard peek() == UInt8(ascii: "\""), let name = string() else { return false }
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { return false }
        position += 1
        skipSpace()
        stack[stack.count - 1].key = name
        return true
    }

    // MARK: Scalars

    private mutating func literal(_ word: String, _ value: AgentJSON) -> AgentJSON?? {
        guard text[position...].starts(with: word.utf8) else { return nil }
        position += word.utf8.count
        return .some(value)
    }

    private mutating func number() -> AgentJSON? {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let digits = position
        skipDigits()
        guard position > digits, text[digits] != UInt8(ascii: "0") || position == digits + 1 else {
            return nil
        }
        var isInteger = true
        if peek() == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard skipDigits() else { return nil }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+") { position += 1 }
            guard skipDigits() else { return nil }
        }
        let literal = Bytes(text[start..<position]).text
        if isInteger, let value = Int32(literal) { return .integer(value) }
        guard let value = Double(literal), value.isFinite else { return nil }
        return .number(value)
    }

    @discardableResult
    private mutating func skipDigits() -> Bool {
        let start = position
        while let character = peek(), character.isDigit { position += 1 }
        return position > start
    }

    private mutating func string() -> Bytes? {
        position += 1
        var result: Bytes = []
        while let character = peek() {
            position += 1
            switch character {
            case UInt8(ascii: "\""): return result
            case UInt8(ascii: "\\"):
                guard let escape = escape() else { return nil }
                result += escape
            case ..<0x20: return nil
            default: result.append(character)
            }
        }
        return nil
    }

    private mutating func escape() -> Bytes? {
        guard let character = peek() else { return nil }
        position += 1
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [character]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"): return codePoint().map(Self.encode)
        default: return nil
        }
    }

    private mutating func codePoint() -> UInt32? {
        guard let first = fourDigits() else { return nil }
        guard (0xd800...0xdbff).contains(first) else { return first }
        guard text[position...].starts(with: Bytes("\\u")) else { return nil }
        position += 2
        guard let second = fourDigits(), (0xdc00...0xdfff).contains(second) else { return nil }
        return ((first - 0xd800) << 10 | (second - 0xdc00)) + 0x10000
    }

    private mutating func fourDigits() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek()?.hexValue else { return nil }
            position += 1
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// UTF-8, also of a lone low surrogate.
    private static func encode(_ point: UInt32) -> Bytes {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: point >> shift & 0x3f) }
        switch point {
        case ..<0x80: return [UInt8(point)]
        case ..<0x800: return [0xc0 | UInt8(point >> 6), tail(0)]
        case ..<0x10000: return [0xe0 | UInt8(point >> 12), tail(6), tail(0)]
        default: return [0xf0 | UInt8(point >> 18), tail(12), tail(6), tail(0)]
        }
    }

    // MARK: Characters

    private func peek() -> UInt8? {
        position < text.count ? text[position] : nil
    }

    private mutating func skipSpace() {
        while let character = peek(), [0x20, 0x0a, 0x0d, 0x09].contains(character) { position += 1 }
    }
}
