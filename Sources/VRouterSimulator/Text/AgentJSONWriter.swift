// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Writes an object as rapidjson's PrettyWriter does: four blanks a level, no line end at the end.
struct AgentJSONWriter {
    private var output: Bytes

    init() {
        output = []
        output.reserveCapacity(1024)
        output.append(UInt8(ascii: "{"))
    }

    /// Text from C: cut at the first NUL.
    mutating func add(_ key: String, _ value: Bytes) {
        begin(key)
        Self.quote(value.beforeNUL, into: &output)
    }

    mutating func add(_ key: String, _ value: String) {
        add(key, Bytes(value))
    }

    mutating func add(_ key: String, _ value: AgentUUID) {
        begin(key)
        output.append(UInt8(ascii: "\""))
        output += value.characters
        output.append(UInt8(ascii: "\""))
    }

    mutating func add(_ key: String, _ value: Int) {
        begin(key)
        output += String(value).utf8
    }

    mutating func add(_ key: String, _ value: Bool) {
        begin(key)
        output += (value ? "true" : "false").utf8
    }

    mutating func add(_ key: String, _ values: [Bytes]) {
        begin(key)
        var lead = "[\n        "
        for value in values {
            output += lead.utf8
            Self.quote(value.beforeNUL, into: &output)
            lead = ",\n        "
        }
        output += (values.isEmpty ? "[]" : "\n    ]").utf8
    }

    consuming func finish() -> Bytes {
        output += (output.count == 1 ? "}" : "\n}").utf8
        return output
    }

    private mutating func begin(_ key: String) {
        output += (output.count == 1 ? "\n    " : ",\n    ").utf8
        output.append(UInt8(ascii: "\""))
        output += key.utf8
        output.append(UInt8(ascii: "\""))
        output += ": ".utf8
    }

    /// A string with rapidjson's escapes: `/`, DEL and everything above ASCII stay as they are.
    static func quote(_ text: Bytes, into output: inout Bytes) {
        output.append(UInt8(ascii: "\""))
        for character in text {
            switch character {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), character]
            case 8: output += "\\b".utf8
            case 9: output += "\\t".utf8
            case 10: output += "\\n".utf8
            case 12: output += "\\f".utf8
            case 13: output += "\\r".utf8
            case ..<0x20:
                output +=
                    ("\\u00" + (character < 16 ? "0" : "") + String(character, radix: 16, uppercase: true))
                    .utf8
            default: output.append(character)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
