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

    /// Reads a configuration.
    ///
    /// `isResultNeeded`: false where a `prevResult` that can't be read counts as none.
    ///
    /// - Throws: `CNIError` with code 6 for no JSON, 1 for an unknown version, 7 for a wrong field.
    public init(_ bytes: [UInt8], isResultNeeded: Bool = true) throws(CNIError) {
        let fields: JSONFields
        do throws(JSONError) {
            fields = try JSONFields(try JSONValue(parsing: bytes))
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
        do throws(JSONError) {
            previous = try fields.value("prevResult").map { value throws(JSONError) in
                try CNIResult(previous: value, version: version)
            }
        } catch {
            guard !isResultNeeded else {
                throw CNIError(.invalidConfiguration, "network configuration: \(error.message)")
            }
            previous = nil
        }
        runtimeConfig = try configuring { () throws(JSONError) in try fields.optionalFields("runtimeConfig") }
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
