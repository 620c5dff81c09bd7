// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A plugin's configuration as the runtime gives it on standard input (specification, section 1).
public struct CNIConfiguration: Sendable {
    /// The version to speak.
    ///
    /// A blank or absent one means 0.1.0.
    public let version: CNIVersion
    /// The network's name.
    public let name: String
    /// All fields, for the plugin's own.
    public let fields: JSONFields
    /// The result of the plugin before in the chain, whole.
    public let previous: CNIResult?
    /// `runtimeConfig`: what the runtime fills in for the capabilities that the configuration names.
    public let runtimeConfig: JSONFields?
    /// Whether it is an undo's: then what is wrong in it counts as absent.
    public let isOfUndo: Bool

    /// Reads a configuration.
    ///
    /// - Throws: `CNIError` with code 6 for no JSON, 1 for an unknown version, 7 for a wrong field.
    public init(_ bytes: [UInt8]) throws(CNIError) {
        let fields: JSONFields
        do throws(JSONError) {
            fields = try JSONFields(try JSONValue(parsing: bytes), matching: .asGo)
        } catch {
            throw CNIError(
                .decoding,
                "cannot read the network configuration on standard input: \(error.message)"
            )
        }
        let text = try configuring { () throws(JSONError) in try fields.optionalString("cniVersion") } ?? ""
        guard let version = CNIVersion(rawValue: text.isEmpty ? "0.1.0" : text) else {
            throw CNIError(
                .incompatibleVersion,
                "field \"cniVersion\": \(text) is not spoken here",
                details: "spoken are \(CNIVersion.allCases.map { $0.rawValue }.joined(separator: ", "))"
            )
        }
        let name = try configuring { () throws(JSONError) in try fields.string("name") }
        guard isIdentifier(name), name.utf8.count <= 200 else {
            throw CNIError(
                .invalidConfiguration,
                "field \"name\": must begin with a letter or digit and hold only letters, digits, '_', '.', '-'"
            )
        }
        self.fields = fields
        self.version = version
        self.name = name
        previous = try configuring { () throws(JSONError) in
            try fields.value("prevResult").map { value throws(JSONError) in
                try CNIResult(previous: value, version: version)
            }
        }
        runtimeConfig = try configuring { () throws(JSONError) in try fields.optionalFields("runtimeConfig") }
        isOfUndo = false
    }

    /// Reads an undo's configuration: it may have become wrong since the ADD, or be gone.
    ///
    /// What can't be read counts as absent; a missing name is empty.
    public init(ofUndo bytes: [UInt8]) {
        var fields = JSONFields(JSONObject(), matching: .asGo)
        do throws(JSONError) {
            fields = try JSONFields(try JSONValue(parsing: bytes), matching: .asGo)
        } catch {
            // What was saved, or is derived from the container's id, is enough to go on.
        }
        self.fields = fields
        version = fields.value("cniVersion")?.string.flatMap { CNIVersion(rawValue: $0) } ?? .newest
        name = fields.value("name")?.string ?? ""
        // Nothing is undone by what a plugin printed once.
        previous = nil
        runtimeConfig = fields.value("runtimeConfig")?.object.map {
            JSONFields($0, path: "runtimeConfig", matching: .asGo)
        }
        isOfUndo = true
    }
}

/// Reads fields of the configuration: an error of theirs becomes CNI's code 7.
public func configuring<Value>(_ read: () throws(JSONError) -> Value) throws(CNIError) -> Value {
    do throws(JSONError) {
        return try read()
    } catch {
        throw CNIError(.invalidConfiguration, "network configuration: \(error.message)")
    }
}

extension JSONFields {
    /// Refuses a member that an object of ours does not have.
    ///
    /// - Throws: Code 2, with key and value (specification, section 5).
    public func requireOnly(_ keys: [String]) throws(CNIError) {
        guard let member = firstMember(besides: keys) else { return }
        let known = keys.joined(separator: ", ")
        throw CNIError(unsupported: path(of: member.key), member.value, "known are \(known)")
    }
}

extension CNIError {
    /// A field that is not supported, with its value.
    public init(unsupported field: String, _ value: JSONValue, _ reason: String) {
        // A value can be as long as the whole configuration.
        let bytes = value.serialized()
        let text = String(decoding: bytes.prefix(80), as: UTF8.self)
        self.init(
            .unsupportedField,
            "network configuration: field \"\(field)\" with value \(text)\(bytes.count > 80 ? "..." : "") is not supported: \(reason)"
        )
    }
}
