// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What a YAML document means: anchors, aliases, merge keys and tags are resolved.
public indirect enum YAMLNode: Hashable, Sendable {
    /// A text, a number, a word.
    case scalar(YAMLScalar)
    /// Nodes in order.
    case list([YAMLNode])
    /// Nodes by key.
    case map(YAMLMap)

    /// A text that no reader takes for anything else.
    public static func text(_ text: String) -> YAMLNode { .scalar(YAMLScalar(text)) }

    /// A number.
    public static func number(_ number: Int) -> YAMLNode { .scalar(YAMLScalar(plain: String(number))) }

    /// True or false.
    public static func flag(_ flag: Bool) -> YAMLNode {
        .scalar(YAMLScalar(plain: flag ? "true" : "false"))
    }

    /// A map with these keys; of a key that stands twice, the last value counts.
    public static func keys(_ entries: [(String, YAMLNode)]) -> YAMLNode {
        var map = YAMLMap()
        for (key, value) in entries { map.set(YAMLScalar(key), value) }
        return .map(map)
    }

    /// The scalar; nil for a list or a map.
    public var scalar: YAMLScalar? {
        guard case .scalar(let scalar) = self else { return nil }
        return scalar
    }

    /// The list; nil for anything else.
    public var list: [YAMLNode]? {
        guard case .list(let list) = self else { return nil }
        return list
    }

    /// The map; nil for anything else.
    public var map: YAMLMap? {
        guard case .map(let map) = self else { return nil }
        return map
    }

    /// Whether it means nothing: an empty plain text, `~` or `null`.
    public var isNull: Bool { scalar?.isNull ?? false }

    /// Where the first text in it stands; nil where it has none.
    public var place: YAMLPlace? {
        switch self {
        case .scalar(let scalar): scalar.place
        case .list(let list): list.first?.place
        case .map(let map): map.first?.key.place
        }
    }
}

/// A place in a document, from line 1, column 1.
public struct YAMLPlace: Hashable, Sendable {
    /// The line.
    public let line: Int
    /// The column.
    public let column: Int
}
