// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the text of a pattern.
struct PatternParser {
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    private(set) var groups = 0
    private(set) var names: [String: Int] = [:]

    private static let mostDepth = 50
    private static let mostRepetitions = 1000

    init(_ text: String) throws(PatternError) {
        bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw PatternError(reason: "it is empty", place: 0) }
        guard bytes.count <= Pattern.mostBytes else {
            throw PatternError(
                reason: "it has more than \(Pattern.mostBytes) bytes",
                place: Pattern.mostBytes
            )
        }
        if let other = bytes.firstIndex(where: { $0 > 126 || $0 < 32 }) {
            throw PatternError(reason: "names have ASCII letters only, and so have patterns", place: other)
        }
    }

    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try parseChoice()
        guard place == bytes.count else { throw failure("a ) without a (") }
        return node
    }

    private func failure(_ reason: String) -> PatternError { PatternError(reason: reason, place: place) }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[place...].starts(with: text.utf8) else { return false }
        place += text.utf8.count
        return true
    }

    private mutating func parseChoice() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth else { throw failure("its groups are nested too deeply") }
        var nodes = [try parseSequence()]
        while take("|") { nodes.append(try parseSequence()) }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    private mutating func parseSequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            let node = try parseAtom()
            nodes.append(try parseRepetition(of: node))
        }
        return .sequence(nodes)
    }

    private mutating func parseAtom() throws(PatternError) -> PatternNode {
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "."): return .bytes(.dot)
        case UInt8(ascii: "^"): return .begin
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "("): return try parseGroup()
        case UInt8(ascii: "["): return .bytes(try parseSet())
        case UInt8(ascii: "\\"): return try parseEscape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            place -= 1
            throw failure("there is nothing to repeat")
        default: return .bytes(ByteSet(byte))
        }
    }

    private mutating func parseGroup() throws(PatternError) -> PatternNode {
        var number: Int?
        if take("?") {
            if !take(":") {
                guard take("P<") || take("<") else { throw failure("there are no flags and no look-around") }
                guard let end = bytes[place...].firstIndex(of: UInt8(ascii: ">")) else {
                    throw failure("a group's name has no end")
                }
                let name = String(decoding: bytes[place..<end], as: UTF8.self)
                guard end > place, bytes[place..<end].allSatisfy(ByteSet.word.contains) else {
                    throw failure("a group's name has letters, digits and _")
                }
                guard !ByteSet.digits.contains(bytes[place]), name != "tag", names[name] == nil else {
                    throw failure("a group can't be named \(name)")
                }
                place = end + 1
                groups += 1
                names[name] = groups
                number = groups
            }
        } else {
            groups += 1
            number = groups
        }
        let node = try parseChoice()
        guard take(")") else { throw failure("a ( without a )") }
        return number.map { .group(node, $0) } ?? node
    }

    private mutating func parseRepetition(of node: PatternNode) throws(PatternError) -> PatternNode {
        let least: Int
        let most: Int?
        switch next {
        case UInt8(ascii: "*"): (least, most) = (0, nil)
        case UInt8(ascii: "+"): (least, most) = (1, nil)
        case UInt8(ascii: "?"): (least, most) = (0, 1)
        case UInt8(ascii: "{"):
            guard let bounds = try parseBounds() else { return node }
            (least, most) = bounds
        default: return node
        }
        place += 1
        let isGreedy = !take("?")
        if let byte = next, [UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?")].contains(byte) {
            throw failure("a repetition of a repetition needs a group")
        }
        return .repeated(node, least: least, most: most, isGreedy: isGreedy)
    }

    /// Reads `{n}`, `{n,}` or `{n,m}` up to its last sign; anything else in braces is literal.
    private mutating func parseBounds() throws(PatternError) -> (Int, Int?)? {
        guard let end = bytes[place...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let parts = bytes[(place + 1)..<end].split(
            separator: UInt8(ascii: ","),
            omittingEmptySubsequences: false
        )
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        guard (1...2).contains(parts.count), parts.allSatisfy({ $0.allSatisfy(ByteSet.digits.contains) }),
            !texts[0].isEmpty
        else { return nil }
        let limit = Self.mostRepetitions
        guard let least = Int(texts[0]), least <= limit,
            let most = texts.count == 1 ? least : texts[1].isEmpty ? limit : Int(texts[1]), most <= limit
        else { throw failure("something is repeated more than \(limit) times") }
        guard least <= most else { throw failure("its repetitions end before they begin") }
        place = end
        return (least, texts.count == 2 && texts[1].isEmpty ? nil : most)
    }

    private mutating func parseEscape() throws(PatternError) -> PatternNode {
        if take("A") { return .begin }
        if take("z") { return .end }
        return .bytes(try parseEscapedSet())
    }

    private mutating func parseEscapedSet() throws(PatternError) -> ByteSet {
        guard let byte = next else { throw failure("a \\ at its end") }
        place += 1
        switch byte {
        case UInt8(ascii: "d"): return .digits
        case UInt8(ascii: "D"): return ByteSet.digits.inverted
        case UInt8(ascii: "w"): return .word
        case UInt8(ascii: "W"): return ByteSet.word.inverted
        case UInt8(ascii: "s"): return .space
        case UInt8(ascii: "S"): return ByteSet.space.inverted
        case _ where ByteSet.word.contains(byte):
            throw failure("\\\(Character(UnicodeScalar(byte))) is not known")
        default: return ByteSet(byte)
        }
    }

    private mutating func parseSet() throws(PatternError) -> ByteSet {
        var set = ByteSet()
        let isInverted = take("^")
        var isFirst = true
        while true {
            guard let byte = next else { throw failure("a [ without a ]") }
            if byte == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            if take("[:") {
                set.formUnion(try parseClass())
                continue
            }
            guard let low = try parseSetMember(into: &set) else { continue }
            guard next == UInt8(ascii: "-"), place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "]")
            else {
                set.insert(low...low)
                continue
            }
            place += 1
            var other = ByteSet()
            guard let high = try parseSetMember(into: &other), low <= high else {
                throw failure("a range ends before it begins")
            }
            set.insert(low...high)
        }
        place += 1
        return isInverted ? set.inverted : set
    }

    /// Reads a byte that may begin a range; nil where it was a class, which is put into the set.
    private mutating func parseSetMember(into set: inout ByteSet) throws(PatternError) -> UInt8? {
        guard let byte = next else { throw failure("a [ without a ]") }
        place += 1
        guard byte == UInt8(ascii: "\\") else { return byte }
        guard let escaped = next else { throw failure("a \\ at its end") }
        if ByteSet.word.contains(escaped) {
            set.formUnion(try parseEscapedSet())
            return nil
        }
        place += 1
        return escaped
    }

    private mutating func parseClass() throws(PatternError) -> ByteSet {
        let classes: [(String, ByteSet)] = [
            ("alnum", ByteSet(48...57, 65...90, 97...122)), ("alpha", ByteSet(65...90, 97...122)),
            ("digit", .digits), ("lower", ByteSet(97...122)), ("upper", ByteSet(65...90)), ("word", .word),
            ("xdigit", ByteSet(48...57, 65...70, 97...102)), ("space", ByteSet(9...13, 32...32)),
            ("punct", ByteSet(33...47, 58...64, 91...96, 123...126)),
        ]
        for (name, set) in classes where take("\(name):]") { return set }
        throw failure("a class [: :] that is not known")
    }
}
