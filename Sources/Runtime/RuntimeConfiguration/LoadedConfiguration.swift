// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML

/// A configuration and where each of its values is from.
public struct LoadedConfiguration: Hashable, Sendable {
    /// The values.
    public private(set) var configuration: RuntimeConfiguration
    private var origins: [String: String] = [:]

    /// Reads a configuration.
    ///
    /// Each overrides the one before: the defaults, the file, Virtlet's variables of the environment, our own
    /// (`CONTRAIL_VM_...`), flags.
    ///
    /// `file`: the file's name, for messages, and its text; nil for none. `flags`: `--key value` or `--key=value`.
    public init(
        defaults: RuntimeConfiguration = RuntimeConfiguration(),
        file: (name: String, text: String)?,
        environment: [String: String],
        flags: [String]
    ) throws(ConfigurationError) {
        configuration = defaults
        if let file { try read(file.text, of: file.name) }
        for field in RuntimeConfiguration.fields {
            guard let variable = field.virtlet, let value = environment[variable.name], !value.isEmpty,
                let translated = variable.translate(value)
            else { continue }
            try set(field, translated, "environment \(variable.name)")
        }
        for field in RuntimeConfiguration.fields {
            guard let value = environment[field.variable] else { continue }
            try set(field, value, "environment \(field.variable)")
        }
        try read(flags)
        try check()
    }

    /// The whole configuration as YAML, with the origin of each value that is not a default.
    public var yaml: String {
        RuntimeConfiguration.fields.map { field in
            let value = field.text(configuration)
            // JSON's strings are YAML's, too.
            let isPlain = value.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x2F || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
            let text = isPlain && !value.isEmpty ? value : Self.quoted(value)
            return "\(field.key): \(text)" + (origins[field.key].map { "  # \($0)" } ?? "") + "\n"
        }.joined()
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private mutating func set(
        _ field: ConfigurationField,
        _ value: String,
        _ place: String
    ) throws(ConfigurationError) {
        guard field.set(&configuration, value) else {
            throw ConfigurationError(
                place,
                "\(field.key) is \"\(value.prefix(64))\"; it must be \(field.kind)"
            )
        }
        // A file's line, or a variable's or flag's name: nothing that could end a comment.
        origins[field.key] = place
    }

    private mutating func read(_ text: String, of name: String) throws(ConfigurationError) {
        guard let root = try Self.node(text, of: name) else { return }
        guard case .map(let map) = root else {
            throw ConfigurationError(
                "\(name):\(root.place?.line ?? 1)",
                "the file must hold `key: value` lines"
            )
        }
        for entry in map {
            let key = entry.key.text
            let place = "\(name):\(entry.key.place?.line ?? 1)"
            guard let field = RuntimeConfiguration.fields.first(where: { $0.key == key }) else {
                throw .unknown(key, at: place, among: RuntimeConfiguration.fields.map(\.key))
            }
            guard case .scalar(let value) = entry.value else {
                throw ConfigurationError(place, "\(field.key) must be \(field.kind), not a list or a map")
            }
            try set(field, value.text, place)
        }
    }

    private static func node(_ text: String, of name: String) throws(ConfigurationError) -> YAMLNode? {
        do throws(YAMLError) {
            var budget = YAMLBudget.ofOperators
            return try YAMLReader.document(text, &budget)
        } catch {
            let place = error.place.map { "\(name):\($0.line)" } ?? name
            guard let key = error.key else {
                throw ConfigurationError(place, "this is not YAML: \(error.problem)")
            }
            throw ConfigurationError(place, "more than once: \(key)")
        }
    }

    private mutating func read(_ flags: [String]) throws(ConfigurationError) {
        var rest = flags[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--") else {
                throw ConfigurationError(
                    "arguments",
                    "unexpected \"\(flag.prefix(64))\"; see vm-runtime --help"
                )
            }
            let parts = flag.dropFirst(2).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let key = String(parts[0])
            guard let field = RuntimeConfiguration.fields.first(where: { $0.key == key }) else {
                throw .unknown(key, at: "--\(key.prefix(64))", among: RuntimeConfiguration.fields.map(\.key))
                { "--\($0)" }
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw ConfigurationError("--\(key)", "a value is missing: \(field.kind)")
            }
            try set(field, value, "flag --\(key)")
        }
    }

    /// What no field can check by itself.
    private func check() throws(ConfigurationError) {
        let last = configuration.firstEmulatorUser + configuration.emulatorUserCount - 1
        guard last < 4_000_000_000 else {
            throw ConfigurationError(
                "emulator-uid-count",
                "the last user id would be \(last), beyond 3999999999"
            )
        }
    }
}
