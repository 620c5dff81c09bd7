// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML

/// What is wrong in a YAML file, and where.
struct YAMLProblem: Error, Hashable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Reads the fields of a YAML mapping and names the field in each error.
struct YAMLFields {
    let members: [(key: String, value: YAMLNode)]
    private let path: String

    init(_ node: YAMLNode, path: String) throws(YAMLProblem) {
        guard case .map(let map) = node else {
            throw YAMLProblem("\(path.isEmpty ? "the document" : path) is not a mapping")
        }
        let members = map.map { (key: $0.key.text, value: $0.value) }
        self.members = members
        self.path = path
    }

    func problem(_ key: String, _ reason: String) -> YAMLProblem {
        YAMLProblem("\(path.isEmpty ? key : "\(path).\(key)"): \(reason)")
    }

    /// Refuses keys that are not known, naming the nearest one that is.
    func allow(_ keys: String...) throws(YAMLProblem) {
        for member in members where !keys.contains(member.key) {
            let nearest = nearestWord(member.key, keys).map { "; did you mean \($0)?" }
            throw problem(
                member.key,
                "is not known\(nearest ?? "; known are \(keys.joined(separator: ", "))")"
            )
        }
    }

    private func value(_ key: String) -> YAMLNode? {
        guard let node = members.first(where: { $0.key == key })?.value, !node.isNull else { return nil }
        return node
    }

    func optionalText(_ key: String) throws(YAMLProblem) -> String? {
        guard let node = value(key) else { return nil }
        guard case .scalar(let scalar) = node else { throw problem(key, "a text is expected") }
        return scalar.text
    }

    func text(_ key: String) throws(YAMLProblem) -> String {
        guard let text = try optionalText(key), !text.isEmpty else { throw problem(key, "is missing") }
        return text
    }

    func optionalInteger(_ key: String) throws(YAMLProblem) -> Int? {
        guard let text = try optionalText(key) else { return nil }
        guard let number = Int(text) else { throw problem(key, "an integer is expected, not \"\(text)\"") }
        return number
    }

    func optionalFlag(_ key: String) throws(YAMLProblem) -> Bool? {
        switch try optionalText(key) {
        case nil: return nil
        case "true"?: return true
        case "false"?: return false
        case let text?: throw problem(key, "true or false is expected, not \"\(text)\"")
        }
    }

    func optionalFields(_ key: String) throws(YAMLProblem) -> YAMLFields? {
        guard let node = value(key) else { return nil }
        return try YAMLFields(node, path: path.isEmpty ? key : "\(path).\(key)")
    }

    func fields(_ key: String) throws(YAMLProblem) -> YAMLFields {
        guard let fields = try optionalFields(key) else { throw problem(key, "is missing") }
        return fields
    }

    func list(_ key: String) throws(YAMLProblem) -> [YAMLFields] {
        guard let node = value(key) else { return [] }
        guard case .list(let list) = node else { throw problem(key, "a list is expected") }
        var entries: [YAMLFields] = []
        for (index, element) in list.enumerated() {
            entries.append(
                try YAMLFields(element, path: "\(path.isEmpty ? key : "\(path).\(key)")[\(index)]")
            )
        }
        return entries
    }
}

/// The word that was most likely meant; nil where none is near.
func nearestWord(_ word: String, _ words: [String]) -> String? {
    let distances = words.map { (word: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }
    guard let nearest = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return nearest.distance <= max(2, nearest.word.utf8.count / 3) ? nearest.word : nil
}

/// How many bytes must be put in, taken out or changed to make one text of the other.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (index, byte) in left.prefix(100).enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let cost = byte == right[column] ? 0 : 1
            let best = min(diagonal + cost, row[column] + 1, row[column + 1] + 1)
            diagonal = row[column + 1]
            row[column + 1] = best
        }
    }
    return row[right.count]
}
