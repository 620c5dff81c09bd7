// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A regular expression over ASCII, matched in time that grows with the text's length times the pattern's, whatever
/// both are: the names that it meets come from anybody who may make pods.
///
/// The dialect is a part of RE2's: literals, `.`, sets with ranges and `[:alpha:]`-like classes, `\d \w \s` and their
/// opposites, escaped signs, `^ $ \A \z`, groups `( )`, `(?: )`, `(?P<name> )` and `(?<name> )`, `|`, and `* + ? {n} {n,}
/// {n,m}`, each greedy or, with `?` behind it, not. There are no flags, no look-around and no back references; other
/// escapes are errors. Of several matches the leftmost wins, of several at one place the one that a backtracking
/// matcher would find first.
struct Pattern: Hashable, Sendable {
    /// The text it was made from.
    let text: String
    /// How many groups it has.
    let groups: Int
    /// The numbers of named groups.
    let names: [String: Int]
    let program: [Instruction]

    /// A step of a match; numbers are places in the program.
    enum Instruction: Hashable, Sendable {
        case byte(ByteSet)
        /// Both ways, the first one preferred.
        case split(Int, Int)
        case jump(Int)
        /// Notes the place in the text, for the groups.
        case mark(Int)
        case begin
        case end
        case match
    }

    static let mostBytes = 1000
    static let mostInstructions = 10_000

    /// Compiles a pattern.
    init(_ text: String) throws(PatternError) {
        var parser = try PatternParser(text)
        let node = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.compile(.group(node, 0))
        try compiler.append(.match)
        self.text = text
        groups = parser.groups
        names = parser.names
        program = compiler.program
    }
}

/// Why a text is not a pattern.
struct PatternError: Error, Hashable {
    let reason: String
    /// The byte at which it stands.
    let place: Int

    var message: String { "\(reason) (at byte \(place))" }
}

/// A set of ASCII bytes.
struct ByteSet: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ byte: UInt8) { insert(byte...byte) }

    init(_ ranges: ClosedRange<UInt8>...) { for range in ranges { insert(range) } }

    static let digits = ByteSet(48...57)
    static let word = ByteSet(48...57, 65...90, 95...95, 97...122)
    static let space = ByteSet(9...10, 12...13, 32...32)
    static let all = ByteSet(0...127)
    /// All but the line feed.
    static let dot = ByteSet(0...9, 11...127)

    var inverted: ByteSet {
        var set = ByteSet()
        (set.low, set.high) = (~low, ~high)
        return set
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range where byte < 128 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        low |= other.low
        high |= other.high
    }

    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return byte < 64 ? low >> UInt64(byte) & 1 == 1 : high >> UInt64(byte - 64) & 1 == 1
    }
}

/// What a pattern says.
indirect enum PatternNode {
    case bytes(ByteSet)
    case begin
    case end
    case group(PatternNode, Int)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, least: Int, most: Int?, isGreedy: Bool)
}

/// Turns what a pattern says into steps.
struct PatternCompiler {
    private(set) var program: [Pattern.Instruction] = []
    /// How much was looked at: repetitions of nothing make no steps, but take time.
    private var visits = 0

    mutating func append(_ instruction: Pattern.Instruction) throws(PatternError) {
        guard program.count < Pattern.mostInstructions else { throw Self.tooLarge }
        program.append(instruction)
    }

    private static let tooLarge = PatternError(
        reason: "it is too large: repetitions of repetitions count",
        place: 0
    )

    mutating func compile(_ node: PatternNode) throws(PatternError) {
        visits += 1
        guard visits <= 10 * Pattern.mostInstructions else { throw Self.tooLarge }
        switch node {
        case .bytes(let set): try append(.byte(set))
        case .begin: try append(.begin)
        case .end: try append(.end)
        case .group(let inner, let number):
            try append(.mark(number * 2))
            try compile(inner)
            try append(.mark(number * 2 + 1))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .choice(let nodes): try compile(choice: nodes)
        case .repeated(let inner, let least, let most, let isGreedy):
            for _ in 0..<least { try compile(inner) }
            try compile(rest: inner, most: most.map { $0 - least }, isGreedy)
        }
    }

    private mutating func compile(choice nodes: [PatternNode]) throws(PatternError) {
        var jumps: [Int] = []
        for node in nodes.dropLast() {
            let split = program.count
            try append(.split(split + 1, 0))
            try compile(node)
            jumps.append(program.count)
            try append(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        if let last = nodes.last { try compile(last) }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    /// What may be repeated further, behind what must be.
    private mutating func compile(
        rest node: PatternNode,
        most: Int?,
        _ isGreedy: Bool
    ) throws(PatternError) {
        func split(_ inside: Int, _ behind: Int) -> Pattern.Instruction {
            isGreedy ? .split(inside, behind) : .split(behind, inside)
        }
        guard let most else {
            let start = program.count
            try append(.jump(0))
            try compile(node)
            try append(.jump(start))
            program[start] = split(start + 1, program.count)
            return
        }
        var starts: [Int] = []
        for _ in 0..<most {
            starts.append(program.count)
            try append(.jump(0))
            try compile(node)
        }
        for start in starts { program[start] = split(start + 1, program.count) }
    }
}
