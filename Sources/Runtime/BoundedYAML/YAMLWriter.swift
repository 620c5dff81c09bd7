// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Writes documents that every reader of YAML reads alike.
///
/// Every text is written in double quotes, so that none can be read as another type or break out of its place,
/// whatever is in it; all beyond ASCII is escaped. What a user wrote without quotes stays so.
public struct YAMLWriter {
    private var bytes: [UInt8] = []

    /// The text of a document.
    public static func text(_ node: YAMLNode) -> String {
        var writer = YAMLWriter()
        switch node {
        case .map(let map) where !map.isEmpty: writer.write(map, indent: 0, isAfterDash: false)
        case .list(let list) where !list.isEmpty: writer.write(list, indent: 0, isAfterDash: false)
        default:
            writer.writeLeaf(node)
            writer.end()
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private mutating func write(_ map: YAMLMap, indent: Int, isAfterDash: Bool) {
        var needsIndent = !isAfterDash
        for entry in map {
            if needsIndent { pad(indent) }
            needsIndent = true
            write(entry.key, isKey: true)
            bytes.append(UInt8(ascii: ":"))
            switch entry.value {
            case .map(let inner) where !inner.isEmpty:
                end()
                write(inner, indent: indent + 2, isAfterDash: false)
            case .list(let inner) where !inner.isEmpty:
                end()
                write(inner, indent: indent, isAfterDash: false)
            default:
                bytes.append(UInt8(ascii: " "))
                writeLeaf(entry.value)
                end()
            }
        }
    }

    private mutating func write(_ list: [YAMLNode], indent: Int, isAfterDash: Bool) {
        var needsIndent = !isAfterDash
        for item in list {
            if needsIndent { pad(indent) }
            needsIndent = true
            bytes += "- ".utf8
            switch item {
            case .map(let inner) where !inner.isEmpty: write(inner, indent: indent + 2, isAfterDash: true)
            case .list(let inner) where !inner.isEmpty: write(inner, indent: indent + 2, isAfterDash: true)
            default:
                writeLeaf(item)
                end()
            }
        }
    }

    private mutating func writeLeaf(_ node: YAMLNode) {
        switch node {
        case .scalar(let scalar): write(scalar, isKey: false)
        case .list: bytes += "[]".utf8
        case .map: bytes += "{}".utf8
        }
    }

    private mutating func pad(_ count: Int) {
        for _ in 0..<count { bytes.append(UInt8(ascii: " ")) }
    }

    private mutating func end() { bytes.append(UInt8(ascii: "\n")) }

    private mutating func write(_ scalar: YAMLScalar, isKey: Bool) {
        if scalar.isPlain && Self.staysPlain(scalar.text) || isKey && Self.isWord(scalar.text) {
            bytes += scalar.text.utf8
        } else if scalar.isNull {
            bytes += "null".utf8
        } else {
            quote(scalar.text)
        }
    }

    /// Whether a text that stood without quotes is read alike without them wherever it is put.
    ///
    /// What else there is can only be a text, which quotes don't change.
    private static func staysPlain(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), !text.hasPrefix("---"), !text.hasPrefix("...") else {
            return false
        }
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "~"):
                continue
            case UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: " "):
                // Neither the sign of an item nor that of a key, and no space at an end.
                guard index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: " "),
                    index > 0 || byte == UInt8(ascii: "-")
                else { return false }
            default: return false
            }
        }
        return true
    }

    /// Whether a key of ours is a word that nothing else is read from.
    private static func isWord(_ text: String) -> Bool {
        let isPlain = text.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): index > 0
            default: false
            }
        }
        let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        return isPlain && !text.isEmpty && !words.contains(text)
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\t": bytes += "\\t".utf8
            case "\r": bytes += "\\r".utf8
            case "\0": bytes += "\\0".utf8
            case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default:
                switch scalar.value {
                case ...0xFF: escape("x", scalar.value, digits: 2)
                case ...0xFFFF: escape("u", scalar.value, digits: 4)
                default: escape("U", scalar.value, digits: 8)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ kind: Unicode.Scalar, _ value: UInt32, digits: Int) {
        bytes += [UInt8(ascii: "\\"), UInt8(truncatingIfNeeded: kind.value)]
        for place in stride(from: 4 * (digits - 1), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt32(place) & 0xF)
            bytes.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "A") - 10))
        }
    }
}
