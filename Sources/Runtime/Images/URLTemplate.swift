// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A URL with places for what a pattern's groups matched: `$1`, `${1}`, `${name}`, `${tag}`, and `$$` for a dollar.
struct URLTemplate: Hashable, Sendable {
    private let parts: [Part]

    private enum Part: Hashable, Sendable {
        case text(String)
        case group(Int)
        case tag
    }

    /// Parses a template for a pattern.
    /// - Throws: A sentence on what is wrong.
    init(_ text: String, for pattern: Pattern) throws(PatternError) {
        var parts: [Part] = []
        let bytes = Array(text.utf8)
        var place = 0
        var literal: [UInt8] = []
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "$") else {
                literal.append(bytes[place])
                place += 1
                continue
            }
            let start = place
            place += 1
            if place < bytes.count, bytes[place] == UInt8(ascii: "$") {
                literal.append(UInt8(ascii: "$"))
                place += 1
                continue
            }
            let isBraced = place < bytes.count && bytes[place] == UInt8(ascii: "{")
            if isBraced { place += 1 }
            let name = bytes[place...].prefix { ByteSet.word.contains($0) }
            place += name.count
            if isBraced {
                guard place < bytes.count, bytes[place] == UInt8(ascii: "}") else {
                    throw PatternError(reason: "a ${ without a } in the URL", place: start)
                }
                place += 1
            }
            let part = try Self.part(String(decoding: name, as: UTF8.self), pattern, place: start)
            parts.append(.text(String(decoding: literal, as: UTF8.self)))
            parts.append(part)
            literal = []
        }
        parts.append(.text(String(decoding: literal, as: UTF8.self)))
        self.parts = parts.filter { $0 != .text("") }
    }

    private static func part(
        _ name: String,
        _ pattern: Pattern,
        place: Int
    ) throws(PatternError) -> Part {
        if name == "tag" { return .tag }
        if let number = pattern.names[name] { return .group(number) }
        if let number = Int(name), (0...pattern.groups).contains(number) { return .group(number) }
        throw PatternError(
            reason: name.isEmpty
                ? "a $ in the URL that names no group; a dollar itself is $$"
                : "$\(name) in the URL names no group; where a letter or digit follows, write ${1}",
            place: place
        )
    }

    /// The URL for what the groups matched.
    func url(_ groups: [String?], tag: String) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .group(let number): (groups.indices.contains(number) ? groups[number] : nil) ?? ""
            case .tag: tag
            }
        }.joined()
    }
}
