// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Yams

/// Reads a YAML document of a user's, within bounds whatever is in it.
///
/// A few lines of aliases to lists of aliases can stand for more nodes than there is memory, and the library follows
/// them while it reads. So it never sees one: the asterisk of what may be an alias is another character while it reads,
/// and the aliases are put in place here, where they are counted.
struct YAMLReader {
    /// The most nodes of all documents that are merged, each counted as often as it is meant.
    static let mostNodes = 100_000
    /// The most bytes of their texts, counted likewise.
    static let mostBytes = 8 << 20
    /// The deepest nesting.
    static let mostLevels = 100

    private let operation: String
    private let asterisk: Unicode.Scalar
    private var anchors: [String: Weighed] = [:]
    private var taken: Taken

    /// What documents that are merged have together, each as often as aliases repeat it.
    struct Taken {
        var nodes = 0
        var bytes = 0
    }

    /// A node and what it weighs with all that is in it.
    private struct Weighed {
        let node: Node
        let nodes: Int
        let bytes: Int
        let levels: Int
    }

    /// The document without anchors, aliases and merge keys; nil where it is empty.
    static func document(_ text: UserText, _ taken: inout Taken) throws(CloudInitError) -> Node? {
        let operation = "read \(text.source)\(text.key.map { ", the key \"\($0)\"" } ?? "") as YAML"
        guard text.text.utf8.count <= UserText.mostBytes else {
            throw CloudInitError(
                operation: operation,
                reason: "it is longer than \(UserText.mostBytes) bytes"
            )
        }
        var used = Set<Unicode.Scalar>()
        for scalar in text.text.unicodeScalars where scalar.value >= 0xE000 { used.insert(scalar) }
        // Of the private use area, which has more characters than are in any text that is at all usual.
        let free = (UInt32(0xE000)...0xF8FF).lazy.compactMap(Unicode.Scalar.init).first { !used.contains($0) }
        guard let free else {
            throw CloudInitError(
                operation: operation,
                reason: "it has all characters of the private use area"
            )
        }
        do {
            var reader = YAMLReader(operation: operation, asterisk: free, taken: taken)
            defer { taken = reader.taken }
            let parser = try Parser(yaml: reader.hidden(text.text))
            // The parser owns the anchors.
            return try withExtendedLifetime(parser) {
                guard let document = try parser.singleRoot(), !isNull(document) else { return nil }
                return try reader.resolved(document, level: 1).node
            }
        } catch let error as CloudInitError {
            throw error
        } catch {
            throw CloudInitError(operation: operation, reason: reason(error))
        }
    }

    /// The map of keys that a document is; an empty one where the document is empty.
    static func map(_ text: UserText, _ taken: inout Taken) throws(CloudInitError) -> Node.Mapping {
        let document = try document(text, &taken)
        if let key = text.key {
            return Node.Mapping([(Node(key, Tag(.str), .doubleQuoted), document ?? null)])
        }
        switch document {
        case nil: return Node.Mapping([])
        case .mapping(let mapping): return mapping
        default:
            throw CloudInitError(operation: "read \(text.source) as YAML", reason: "it is no map of keys")
        }
    }

    private static var null: Node { Node("null", .implicit, .plain) }

    /// Whether a node means nothing: an empty plain text, `~` or `null`.
    static func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private init(operation: String, asterisk: Unicode.Scalar, taken: Taken) {
        self.taken = taken
        self.operation = operation
        self.asterisk = asterisk
    }

    // MARK: - Aliases

    /// The text with another character for each asterisk that may begin an alias.
    private func hidden(_ text: String) -> String {
        var hidden = String.UnicodeScalarView()
        var pending = false
        for scalar in text.unicodeScalars {
            if pending { hidden.append(Self.isAnchor(scalar) ? asterisk : "*") }
            pending = scalar == "*"
            if !pending { hidden.append(scalar) }
        }
        if pending { hidden.append("*") }
        return String(hidden)
    }

    private func shown(_ text: String) -> String {
        guard text.unicodeScalars.contains(asterisk) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { shown.append(scalar == asterisk ? "*" : scalar) }
        return String(shown)
    }

    /// A character of an anchor's name, as the library takes it.
    private static func isAnchor(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.isASCII else { return false }
        return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_"
            || scalar == "-"
    }

    private mutating func resolved(
        _ node: Node,
        level: Int,
        isKey: Bool = false
    ) throws(CloudInitError) -> Weighed {
        let before = taken
        try add(nodes: 1, bytes: 0, levels: level)
        var levels = 1
        let result: Node
        switch node {
        case .scalar(let scalar):
            if let name = alias(scalar) {
                guard let target = anchors[name] else {
                    throw problem("an alias names no anchor before it", node)
                }
                try add(nodes: target.nodes, bytes: target.bytes, levels: level + target.levels - 1)
                return target
            }
            result = try text(scalar, isKey: isKey)
            try add(nodes: 0, bytes: scalar.string.utf8.count, levels: level)
        case .sequence(let sequence):
            var items: [Node] = []
            for item in sequence {
                let item = try resolved(item, level: level + 1)
                levels = max(levels, 1 + item.levels)
                items.append(item.node)
            }
            result = .sequence(Node.Sequence(items, sequence.tag, .block))
        case .mapping(let mapping):
            var entries: [(Node, Node)] = []
            for (key, value) in mapping {
                let key = try resolved(key, level: level + 1, isKey: true)
                let value = try resolved(value, level: level + 1)
                guard case .scalar = key.node else { throw problem("a key is no text", node) }
                levels = max(levels, 1 + value.levels)
                entries.append((key.node, value.node))
            }
            result = .mapping(Node.Mapping(try merged(entries, node), mapping.tag, .block))
        case .alias: throw problem("an alias names no anchor before it", node)
        }
        let weighed = Weighed(
            node: result,
            nodes: taken.nodes - before.nodes,
            bytes: taken.bytes - before.bytes,
            levels: levels
        )
        if let anchor = node.anchor?.rawValue { anchors[anchor] = weighed }
        return weighed
    }

    /// The name that an alias has: nothing else begins with an asterisk and stands without quotes.
    private func alias(_ scalar: Node.Scalar) -> String? {
        guard scalar.style == .plain, scalar.string.unicodeScalars.first == asterisk else { return nil }
        return String(scalar.string.unicodeScalars.dropFirst())
    }

    /// A text as it was written, but for its tag: the library writes none.
    private func text(_ scalar: Node.Scalar, isKey: Bool) throws(CloudInitError) -> Node {
        let text = shown(scalar.string)
        // The library has put tags to keys by now.
        guard !isKey else { return Node(text, .implicit, scalar.style) }
        switch scalar.tag.description {
        case "" where scalar.style == .plain && text.isEmpty: return Self.null
        case "", Tag.Name.nonSpecific.rawValue: return Node(text, .implicit, scalar.style)
        case Tag.Name.str.rawValue:
            return Node(text, .implicit, scalar.style == .plain ? .doubleQuoted : scalar.style)
        default:
            throw problem(
                "a text has a tag, which can't be kept; for !!binary write encoding: b64",
                .scalar(scalar)
            )
        }
    }

    /// The entries with those of `<<` among them, as https://yaml.org/type/merge.html has it: what we append to a list
    /// would else hide the one that is merged.
    private func merged(_ entries: [(Node, Node)], _ node: Node) throws(CloudInitError) -> [(Node, Node)] {
        var known = Set<String>()
        var merged: [(Node, Node)] = []
        for (key, value) in entries where !Self.isMerge(key) {
            guard known.insert(key.scalar?.string ?? "").inserted else {
                throw problem("a key stands twice", node)
            }
            merged.append((key, value))
        }
        for (key, value) in entries where Self.isMerge(key) {
            for source in value.sequence.map(Array.init) ?? [value] {
                guard case .mapping(let mapping) = source else { throw problem("<< takes maps only", node) }
                for (key, value) in mapping where known.insert(key.scalar?.string ?? "").inserted {
                    merged.append((key, value))
                }
            }
        }
        return merged
    }

    private static func isMerge(_ key: Node) -> Bool {
        guard case .scalar(let scalar) = key else { return false }
        return scalar.style == .plain && scalar.string == "<<"
    }

    // MARK: - Bounds and errors

    private mutating func add(nodes: Int, bytes: Int, levels: Int) throws(CloudInitError) {
        taken.nodes += nodes
        taken.bytes += bytes
        guard taken.nodes <= Self.mostNodes, taken.bytes <= Self.mostBytes, levels <= Self.mostLevels else {
            throw CloudInitError(
                operation: operation,
                reason: "it is too large, with aliases in place and with the documents before it: "
                    + "at most \(Self.mostNodes) nodes, "
                    + "\(Self.mostBytes >> 20) MiB and \(Self.mostLevels) levels"
            )
        }
    }

    private func problem(_ reason: String, _ node: Node) -> CloudInitError {
        CloudInitError(
            operation: operation,
            reason: (node.mark.map { "line \($0.line), column \($0.column): " } ?? "") + reason
        )
    }

    /// The library's reasons quote the document, in which secrets may stand: this is what is left without them.
    private static func reason(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            "line \(mark.line), column \(mark.column): \(problem)"
        case .reader(let problem, _, _, _)?: problem
        case .duplicatedKeysInMapping(_, let context)?:
            "line \(context.mark.line), column \(context.mark.column): a key stands twice"
        default: "the library can't read it"
        }
    }
}
