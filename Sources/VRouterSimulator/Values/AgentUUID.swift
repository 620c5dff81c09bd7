// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A UUID as the agent reads, orders and prints it.
struct AgentUUID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    static let zero = AgentUUID(high: 0, low: 0)

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads what the agent's stream operator reads: white space is skipped anywhere, either case, dashes
    /// after bytes 4, 6, 8 and 10, what follows is ignored.
    ///
    /// Anything else is the nil UUID.
    init(lenient text: some Sequence<UInt8>) {
        self = Self.read(text) ?? .zero
    }

    /// Reads only what the agent's URLs take: 36 characters, lower case, dashes in their places.
    init?(canonical text: some Collection<UInt8>) {
        guard text.count == 36, let value = Self.read(text), value.characters.elementsEqual(text) else {
            return nil
        }
        self = value
    }

    private static func read(_ text: some Sequence<UInt8>) -> AgentUUID? {
        var words: [UInt64] = [0, 0]
        var digits = 0
        var dashIsDue = false
        for character in text.lazy.filter({ !$0.isSpace }) {
            if dashIsDue {
                guard character == UInt8(ascii: "-") else { return nil }
                dashIsDue = false
                continue
            }
            guard let value = character.hexValue else { return nil }
            words[digits / 16] = words[digits / 16] << 4 | UInt64(value)
            digits += 1
            if digits == 32 { return AgentUUID(high: words[0], low: words[1]) }
            dashIsDue = [8, 12, 16, 20].contains(digits)
        }
        return nil
    }

    var isZero: Bool { high == 0 && low == 0 }

    var bytes: Bytes {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    /// The 36 characters, in lower case.
    var text: String { characters.text }

    /// The 36 characters as they are on the wire.
    var characters: Bytes {
        var result: Bytes = []
        result.reserveCapacity(36)
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { result.append(UInt8(ascii: "-")) }
            let word = index < 8 ? high : low
            result.append(hex: UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7))))
        }
        return result
    }
}

extension AgentUUID: Comparable {
    /// Order of the bytes: the order of the agent's lists.
    static func < (left: AgentUUID, right: AgentUUID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
