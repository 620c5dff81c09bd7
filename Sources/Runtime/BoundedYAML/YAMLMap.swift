// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Nodes by key, in the order in which they stand; a key is found at once, however many there are.
public struct YAMLMap: Hashable, Sendable, Sequence {
    /// A key and what it has.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public let key: YAMLScalar
        /// What it has.
        public var value: YAMLNode
    }

    /// The longest key, in bytes: an object of Kubernetes has none that is longer, and each reader takes it.
    public static let longestKey = 253

    private var entries: [Entry] = []
    private var places: [Key: Int] = [:]

    /// A key as it was written: two that merely look alike are two.
    private struct Key: Hashable {
        let text: String

        static func == (left: Key, right: Key) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    /// An empty one.
    public init() {}

    /// How many keys there are.
    public var count: Int { entries.count }

    /// Whether there is none.
    public var isEmpty: Bool { entries.isEmpty }

    /// The first key and what it has.
    public var first: Entry? { entries.first }

    /// What a key has; nil where it is not there.
    public subscript(key: String) -> YAMLNode? { places[Key(text: key)].map { entries[$0].value } }

    /// Gives a key a value, in the place of the one that it had.
    public mutating func set(_ key: YAMLScalar, _ value: YAMLNode) {
        if !add(key, value), let place = places[Key(text: key.text)] { entries[place].value = value }
    }

    /// Adds a key that is not there yet.
    ///
    /// - Returns: Whether it was not there.
    public mutating func add(_ key: YAMLScalar, _ value: YAMLNode) -> Bool {
        let place = entries.count
        guard places.updateValueIfAbsent(place, for: Key(text: key.text)) else { return false }
        entries.append(Entry(key: key, value: value))
        return true
    }

    /// Changes what a key has, in place: what is appended to a list there costs what is appended.
    public mutating func change<Failure: Error>(
        _ key: String,
        _ body: (inout YAMLNode) throws(Failure) -> Void
    ) throws(Failure) {
        guard let place = places[Key(text: key)] else { return }
        try body(&entries[place].value)
    }

    /// The keys and what they have, in order.
    public func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }
}

extension Dictionary {
    fileprivate mutating func updateValueIfAbsent(_ value: Value, for key: Key) -> Bool {
        if self[key] != nil { return false }
        self[key] = value
        return true
    }
}
