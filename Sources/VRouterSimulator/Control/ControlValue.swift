// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A value of a control reply.
enum ControlValue: Sendable {
    case text(String)
    case number(Int)
    case bool(Bool)
    case list([ControlValue])
    case object([(String, ControlValue)])

    /// Compact JSON.
    var json: Bytes {
        switch self {
        case .text(let text):
            var result: Bytes = []
            AgentJSONWriter.quote(Bytes(text), into: &result)
            return result
        case .number(let number): return Bytes(String(number))
        case .bool(let value): return Bytes(value ? "true" : "false")
        case .list(let values): return Bytes("[" + values.map(\.json.text).joined(separator: ",") + "]")
        case .object(let members):
            let parts = members.map { "\(ControlValue.text($0.0).json.text):\($0.1.json.text)" }
            return Bytes("{" + parts.joined(separator: ",") + "}")
        }
    }

    /// The line of a reply that went well.
    static func success(_ members: [(String, ControlValue)] = []) -> Bytes {
        ControlValue.object([("ok", .bool(true))] + members).json + Bytes("\n")
    }

    /// The line of a reply that did not.
    static func failure(_ text: String) -> Bytes {
        ControlValue.object([("ok", .bool(false)), ("error", .text(text))]).json + Bytes("\n")
    }
}
