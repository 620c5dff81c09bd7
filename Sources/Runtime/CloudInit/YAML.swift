// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Yams

/// A YAML document of ours.
///
/// Every text is written in double quotes, so no value can be read as another type or break out of its
/// place, whatever is in it.
enum YAML {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([YAML])
    case map([(String, YAML)])

    /// The node, as the library writes it.
    var node: Node {
        switch self {
        case .text(let text): .scalar(Node.Scalar(text, Tag(.str), .doubleQuoted))
        case .number(let number): .scalar(Node.Scalar(String(number), Tag(.int), .plain))
        case .flag(let flag): .scalar(Node.Scalar(flag ? "true" : "false", Tag(.bool), .plain))
        case .list(let items): .sequence(Node.Sequence(items.map(\.node), Tag(.seq), .block))
        case .map(let entries):
            .mapping(Node.Mapping(entries.map { (Self.key($0.0), $0.1.node) }, Tag(.map), .block))
        }
    }

    /// The text of a document.
    static func text(_ document: YAML) throws(CloudInitError) -> String { try text(document.node) }

    /// The text of a document; long lines are not folded, all beyond ASCII is escaped.
    static func text(_ document: Node) throws(CloudInitError) -> String {
        do {
            return try Yams.serialize(node: document, width: -1, allowUnicode: false)
        } catch {
            throw CloudInitError(operation: "write YAML", reason: "\(error)")
        }
    }

    /// A key of ours: plain where it is a word that nothing else is read from, quoted otherwise.
    private static func key(_ text: String) -> Node {
        let isPlain = text.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): index > 0
            default: false
            }
        }
        let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        return .scalar(
            Node.Scalar(text, Tag(.str), isPlain && !words.contains(text) ? .plain : .doubleQuoted)
        )
    }
}
