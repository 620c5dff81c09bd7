// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A text, a number or a word of a document.
public struct YAMLScalar: Hashable, Sendable {
    /// The text, without quotes.
    public let text: String
    /// Whether it stands without quotes, so that readers may take it for a number, a date or a word.
    public let isPlain: Bool
    /// Where it stands; nil where no document has it.
    public let place: YAMLPlace?

    /// A text that no reader takes for anything else.
    public init(_ text: String) { self.init(text, isPlain: false, at: nil) }

    /// A number or a word.
    public init(plain text: String) { self.init(text, isPlain: true, at: nil) }

    init(_ text: String, isPlain: Bool, at place: YAMLPlace?) {
        self.text = text
        self.isPlain = isPlain
        self.place = place
    }

    /// Whether it means nothing.
    public var isNull: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }

    /// What a reader of YAML 1.1 takes a scalar for.
    public enum Value: Hashable, Sendable {
        /// Nothing.
        case null
        /// True or false.
        case flag(Bool)
        /// A whole number.
        case integer(Int)
        /// A number with a fraction or an exponent, in JSON's notation.
        case fraction(String)
        /// Anything else.
        case text
    }

    /// What PyYAML, with which cloud-init reads, takes it for; what JSON has no word for is text.
    public var value: Value {
        guard isPlain, text.utf8.count <= 64 else { return .text }
        if isNull { return .null }
        switch text {
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .flag(true)
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .flag(false)
        default: break
        }
        let isNegative = text.hasPrefix("-")
        let digits = (isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...])
        guard let first = digits.utf8.first, first == UInt8(ascii: ".") || Self.isDigit(first) else {
            return .text
        }
        if let number = Self.integer(digits, isNegative) { return .integer(number) }
        return Self.fraction(digits.filter { $0 != "_" }, isNegative).map(Value.fraction) ?? .text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func integer(_ digits: Substring, _ isNegative: Bool) -> Int? {
        guard digits.utf8.first.map(isDigit) == true else { return nil }
        var radix = 10
        var rest = digits.filter { $0 != "_" }
        if rest.contains(":") { return minutes(rest).map { isNegative ? -$0 : $0 } }
        if rest.hasPrefix("0x") {
            (radix, rest) = (16, String(rest.dropFirst(2)))
        } else if rest.hasPrefix("0b") {
            (radix, rest) = (2, String(rest.dropFirst(2)))
        } else if rest.hasPrefix("0"), rest.utf8.count > 1 {
            (radix, rest) = (8, String(rest.dropFirst()))
        }
        guard let first = rest.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else {
            return nil
        }
        return Int((isNegative ? "-" : "") + rest, radix: radix)
    }

    /// A number to the base of sixty, like 1:30.
    private static func minutes(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts[0].utf8.first != UInt8(ascii: "0") else { return nil }
        var sum = 0
        for (index, part) in parts.enumerated() {
            guard part.utf8.allSatisfy(isDigit), let value = Int(part), index == 0 || value < 60,
                index == 0 || part.utf8.count <= 2
            else { return nil }
            let (product, isOver) = sum.multipliedReportingOverflow(by: 60)
            guard !isOver, product <= Int.max - value else { return nil }
            sum = product + value
        }
        return sum
    }

    private static func fraction(_ digits: String, _ isNegative: Bool) -> String? {
        // A number without a point is none in YAML 1.1, like 1e3.
        guard digits.utf8.contains(UInt8(ascii: ".")), digits.utf8.contains(where: isDigit),
            digits.utf8.allSatisfy({ isDigit($0) || ".eE+-".utf8.contains($0) }),
            let value = Double(digits.hasSuffix(".") ? digits + "0" : digits), value.isFinite
        else { return nil }
        return "\(isNegative ? -value : value)"
    }
}
