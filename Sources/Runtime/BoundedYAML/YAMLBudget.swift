// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What all documents of a pod may have together, each node and byte counted as often as aliases repeat it.
///
/// What exceeds it is refused: a few lines of aliases to lists of aliases can stand for more than there is memory.
public struct YAMLBudget: Sendable {
    /// The deepest nesting.
    public static let mostLevels = 100

    /// The most bytes: of the documents, and of what aliases repeat.
    public let mostBytes: Int
    /// The most keys of maps.
    public let mostKeys: Int
    /// The most nodes: texts, lists and maps.
    public let mostNodes: Int

    private(set) var bytes = 0
    private(set) var keys = 0
    private(set) var nodes = 0
    private let limit: Duration
    private let end: ContinuousClock.Instant

    /// What a pod has.
    ///
    /// `limit`: how long it lasts from now: whoever waits for an answer does not wait longer.
    public init(limit: Duration = .seconds(10)) {
        self.init(bytes: 8 << 20, keys: 20_000, nodes: 100_000, limit: limit)
    }

    /// What the node's operator has for a file.
    public static var ofOperators: YAMLBudget {
        YAMLBudget(bytes: 64 << 20, keys: 1_000_000, nodes: 4_000_000, limit: .seconds(60))
    }

    private init(bytes: Int, keys: Int, nodes: Int, limit: Duration) {
        mostBytes = bytes
        mostKeys = keys
        mostNodes = nodes
        self.limit = limit
        end = .now + limit
    }

    /// Takes from it.
    /// - Throws: The bound that is exceeded.
    mutating func take(
        bytes: Int = 0,
        keys: Int = 0,
        nodes: Int = 0,
        levels: Int,
        at place: YAMLPlace?
    ) throws(YAMLError) {
        self.bytes += bytes
        self.keys += keys
        self.nodes += nodes
        let bound: String
        switch () {
        case () where self.bytes > mostBytes: bound = "\(mostBytes >> 20) MiB"
        case () where self.keys > mostKeys: bound = "\(mostKeys) keys"
        case () where self.nodes > mostNodes: bound = "\(mostNodes) nodes"
        case () where levels > Self.mostLevels: bound = "\(Self.mostLevels) levels"
        default: return
        }
        throw YAMLError(
            "it is too large: with aliases in place, and with the documents before it, it exceeds \(bound)",
            at: place
        )
    }

    /// Looks at the clock.
    func checkTime(at place: YAMLPlace?) throws(YAMLError) {
        guard ContinuousClock.now < end else {
            throw YAMLError("it was not read within \(limit): make it smaller", at: place)
        }
    }
}

/// What is wrong with a document, and where; the document is not quoted, as secrets may stand in it.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let problem: String
    /// Where; nil where it is the whole.
    public let place: YAMLPlace?
    /// The key that is wrong; nil where it is none.
    public let key: String?

    init(_ problem: String, at place: YAMLPlace?, key: String? = nil) {
        self.problem = problem
        self.place = place
        self.key = key
    }

    /// The place and what is wrong there.
    public var description: String {
        (place.map { "line \($0.line), column \($0.column): " } ?? "") + problem
    }

    /// The same with the key, for a file that holds no secrets.
    public var described: String { description + (key.map { ": \($0)" } ?? "") }
}
