// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a configuration: where, what, and what to do.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where: a file and its line, a variable, a flag.
    public let place: String
    /// What, and what to do.
    public let reason: String

    init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    /// A file that can't be read.
    public init(reading file: String, _ cause: String) { self.init(file, "it cannot be read: \(cause)") }

    /// Both, in a line.
    public var description: String { "\(place): \(reason)" }

    static func unknown(
        _ key: String,
        at place: String,
        among keys: [String],
        as spelled: (String) -> String = { $0 }
    )
        -> ConfigurationError
    {
        let short = String(key.prefix(64))
        if let near = nearest(short, among: keys) {
            return ConfigurationError(place, "unknown key \"\(short)\"; is \"\(spelled(near))\" meant?")
        }
        let all = keys.map { spelled($0) }.joined(separator: ", ")
        return ConfigurationError(place, "unknown key \"\(short)\"; there are: \(all)")
    }

    /// The key that is most like a text; nil where none is like it.
    static func nearest(_ text: String, among keys: [String]) -> String? {
        // camelCase and snake_case are how others spell the same.
        var plain = ""
        for character in text {
            if character == "_" || character == " " {
                plain.append("-")
            } else {
                if character.isUppercase, let last = plain.last, last != "-" { plain.append("-") }
                plain.append(contentsOf: character.lowercased())
            }
        }
        let ranked = keys.map { (key: $0, distance: min(distance(text, $0), distance(plain, $0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }),
            best.distance <= max(2, best.key.count / 3)
        else { return nil }
        return best.key
    }

    /// How many characters are to be put in, left out, replaced or swapped with the next to get from one to the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let from = Array(left)
        let to = Array(right)
        guard !from.isEmpty, !to.isEmpty else { return max(from.count, to.count) }
        var table = [[Int]](repeating: [Int](repeating: 0, count: to.count + 1), count: from.count + 1)
        for row in 0...from.count { table[row][0] = row }
        for column in 0...to.count { table[0][column] = column }
        for row in 1...from.count {
            for column in 1...to.count {
                let cost = from[row - 1] == to[column - 1] ? 0 : 1
                var best = min(
                    table[row - 1][column] + 1,
                    table[row][column - 1] + 1,
                    table[row - 1][column - 1] + cost
                )
                if row > 1, column > 1, from[row - 1] == to[column - 2], from[row - 2] == to[column - 1] {
                    best = min(best, table[row - 2][column - 2] + 1)
                }
                table[row][column] = best
            }
        }
        return table[from.count][to.count]
    }
}
