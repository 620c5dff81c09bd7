// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Writes an object as rapidjson's PrettyWriter does: four blanks a level, no line end at the end.
struct AgentJSONWriter {
    private var output: Bytes = Bytes("{")

    /// Text from C: cut at the first NUL.
    mutating func add(_ key: String, _ value: Bytes) {
        begin(key)
        Self.quote(value.beforeNUL, into: &output)
    }

    mutating func add(_ key: String, _ value: String) {
        add(key, Bytes(value))
    }

    mutating func add(_ key: String, _ value: Int) {
        begin(key)
        output += Bytes(String(value))
    }

    mutating func add(_ key: String, _ value: Bool) {
        begin(key)
        output += Bytes(value ? "true" : "false")
    }

    mutating func add(_ key: String, _ values: [Bytes]) {
        begin(key)
        var lead = "[\n        "
        for value in values {
            output += Bytes(lead)
            Self.quote(value.beforeNUL, into: &output)
            lead = ",\n        "
        }
        output += Bytes(values.isEmpty ? "[]" : "\n    ]")
    }

    consuming func finish() -> Bytes {
        output += Bytes(output.count == 1 ? "}" : "\n}")
        return output
    }

    private mutating func begin(_ key: String) {
        output += Bytes(output.count == 1 ? "\n    " : ",\n    ")
        Self.quote(Bytes(key), into: &output)
        output += Bytes(": ")
    }

    /// A string with rapidjson's escapes: `/`, DEL and everything above ASCII stay as they are.
    static func quote(_ text: Bytes, into output: inout Bytes) {
        output.append(UInt8(ascii: "\""))
        for character in text {
            switch character {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), character]
            case 8: output += Bytes("\\b")
            case 9: output += Bytes("\\t")
            case 10: output += Bytes("\\n")
            case 12: output += Bytes("\\f")
            case 13: output += Bytes("\\r")
            case ..<0x20: output += Bytes("\\u00" + hex(character).uppercased())
            default: output.append(character)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
