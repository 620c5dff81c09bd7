// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Yams

/// What tells an instance from others, with the user's keys in place of ours.
///
/// Host name and keys stand here, too, beside the user-data: they reach guests whose user-data is not ours to write.
struct MetaData {
    /// The names that a ConfigDrive has for NoCloud's.
    ///
    /// cloud-init reads `uuid`, `hostname` and `public-keys`, cloudbase-init `public_keys`, which must be a map.
    private static let names = [
        ("instance-id", "uuid"), ("local-hostname", "hostname"), ("public-keys", "public_keys"),
    ]

    private let entries: Node.Mapping

    init(_ guest: GuestDescription) throws(CloudInitError) {
        var ours: [(String, YAML)] = [
            ("instance-id", .text(guest.instanceID)), ("local-hostname", .text(guest.hostname)),
        ]
        if !guest.sshKeys.isEmpty { ours.append(("public-keys", .list(guest.sshKeys.map { .text($0) }))) }
        if guest.layout == .configDrive {
            ours += [("uuid", .text(guest.instanceID)), ("hostname", .text(guest.hostname))]
            let keys = guest.sshKeys.enumerated().map { index, key in ("key-\(index)", YAML.text(key)) }
            if !keys.isEmpty { ours.append(("public_keys", .map(keys))) }
        }
        var entries = YAML.map(ours).node.mapping ?? Node.Mapping([])
        if let text = guest.metaData {
            var taken = YAMLReader.Taken()
            let user = try YAMLReader.map(text, &taken)
            for (key, value) in user {
                if case .scalar? = entries[key], value.scalar == nil || YAMLReader.isNull(value) {
                    throw CloudInitError(
                        operation: "merge \(text.source)",
                        reason: "the key \(PlainKey(key)) is no text"
                    )
                }
                entries[key] = value
            }
            if guest.layout == .configDrive {
                for (name, other) in Self.names {
                    if let value = user[Node(name)], user[Node(other)] == nil { entries[Node(other)] = value }
                }
            }
        }
        self.entries = entries
    }

    /// The text of NoCloud's `meta-data`.
    func yaml() throws(CloudInitError) -> String { try YAML.text(.mapping(entries)) }

    /// The text of a ConfigDrive's `meta_data.json`.
    var json: String { String(decoding: Self.json(.mapping(entries)).serialized(), as: UTF8.self) + "\n" }

    /// The value that PyYAML, with which cloud-init reads YAML, would make of a node; what JSON has no word for is text.
    private static func json(_ node: Node) -> JSONValue {
        switch node {
        case .mapping(let mapping):
            .object(JSONObject(mapping.map { ($0.key.scalar?.string ?? "", json($0.value)) }))
        case .sequence(let sequence): .array(sequence.map(json))
        case .alias: .null
        case .scalar(let scalar) where scalar.style != .plain: .string(scalar.string)
        case .scalar(let scalar):
            switch node.tag.description {
            case Tag.Name.null.rawValue: .null
            case Tag.Name.bool.rawValue: node.bool.map(JSONValue.bool) ?? .string(scalar.string)
            case Tag.Name.int.rawValue: node.int.map(JSONValue.integer) ?? .string(scalar.string)
            case Tag.Name.float.rawValue:
                node.float.flatMap { $0.isFinite ? .number("\($0)") : nil } ?? .string(scalar.string)
            default: .string(scalar.string)
            }
        }
    }
}
