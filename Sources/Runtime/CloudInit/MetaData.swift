// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import JSON

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

    private var entries: YAMLMap

    init(_ guest: GuestDescription, _ budget: inout YAMLBudget) throws(CloudInitError) {
        var ours: [(String, YAMLNode)] = [
            ("instance-id", .text(guest.instanceID)), ("local-hostname", .text(guest.hostname)),
        ]
        if !guest.sshKeys.isEmpty { ours.append(("public-keys", .list(guest.sshKeys.map { .text($0) }))) }
        if guest.layout == .configDrive {
            ours += [("uuid", .text(guest.instanceID)), ("hostname", .text(guest.hostname))]
            let keys = guest.sshKeys.enumerated().map { index, key in ("key-\(index)", YAMLNode.text(key)) }
            if !keys.isEmpty { ours.append(("public_keys", .keys(keys))) }
        }
        entries = YAMLNode.keys(ours).map ?? YAMLMap()
        guard let text = guest.metaData else { return }
        let user = try text.settings(&budget)
        for entry in user {
            if case .scalar? = entries[entry.key.text], entry.value.scalar == nil || entry.value.isNull {
                throw CloudInitError(
                    operation: "merge \(text.source)",
                    reason: "the key \(PlainKey(entry.key.text)) must be a text"
                )
            }
            entries.set(entry.key, entry.value)
        }
        guard guest.layout == .configDrive else { return }
        for (name, other) in Self.names {
            if let value = user[name], user[other] == nil { entries.set(YAMLScalar(other), value) }
        }
    }

    /// The text of NoCloud's `meta-data`.
    var yaml: String { YAMLWriter.text(.map(entries)) }

    /// The text of a ConfigDrive's `meta_data.json`.
    var json: String { String(decoding: Self.json(.map(entries)).serialized(), as: UTF8.self) + "\n" }

    /// The value that PyYAML, with which cloud-init reads YAML, would make of a node; what JSON has no word for is text.
    private static func json(_ node: YAMLNode) -> JSONValue {
        switch node {
        case .map(let map): .object(JSONObject(map.map { ($0.key.text, json($0.value)) }))
        case .list(let list): .array(list.map(json))
        case .scalar(let scalar):
            switch scalar.value {
            case .null: .null
            case .flag(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .fraction(let number): .number(number)
            case .text: .string(scalar.text)
            }
        }
    }
}
