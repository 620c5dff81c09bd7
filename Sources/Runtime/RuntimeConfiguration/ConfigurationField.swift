// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A field of the configuration: its names, its kind, and the way to the property.
struct ConfigurationField: Sendable {
    /// Its key in the file; `--key` is its flag.
    let key: String
    /// What it may be, in words.
    let kind: String
    /// What it does.
    let summary: String
    /// Virtlet's variable that means it.
    let virtlet: Variable?
    /// Its value as text.
    let text: @Sendable (RuntimeConfiguration) -> String
    /// Sets it; false where the text is no such value.
    let set: @Sendable (inout RuntimeConfiguration, String) -> Bool

    /// Our variable of the environment.
    var variable: String { "CONTRAIL_VM_" + key.uppercased().replacing("-", with: "_") }

    /// Another program's variable of the environment.
    struct Variable: Sendable, ExpressibleByStringLiteral {
        let name: String
        /// The value in the field's words; nil where it says nothing of it.
        let translate: @Sendable (String) -> String?

        init(stringLiteral name: String) { self.init(name) { $0 } }

        init(_ name: String, _ translate: @escaping @Sendable (String) -> String?) {
            self.name = name
            self.translate = translate
        }
    }

    /// A kind of value: words for it, and both ways between value and text.
    struct Kind<Value>: Sendable {
        let words: String
        let text: @Sendable (Value) -> String
        let parse: @Sendable (String) -> Value?
    }

    init<Value>(
        _ key: String,
        _ property: any WritableKeyPath<RuntimeConfiguration, Value> & Sendable,
        _ kind: Kind<Value>,
        _ virtlet: Variable,
        _ summary: String
    ) {
        self.init(key, property, kind, variable: virtlet, summary)
    }

    init<Value>(
        _ key: String,
        _ property: any WritableKeyPath<RuntimeConfiguration, Value> & Sendable,
        _ kind: Kind<Value>,
        _ summary: String
    ) {
        self.init(key, property, kind, variable: nil, summary)
    }

    private init<Value>(
        _ key: String,
        _ property: any WritableKeyPath<RuntimeConfiguration, Value> & Sendable,
        _ kind: Kind<Value>,
        variable: Variable?,
        _ summary: String
    ) {
        self.key = key
        self.kind = kind.words
        self.summary = summary
        virtlet = variable
        text = { kind.text($0[keyPath: property]) }
        set = { configuration, text in
            guard let value = kind.parse(text) else { return false }
            configuration[keyPath: property] = value
            return true
        }
    }
}

extension ConfigurationField.Kind where Value == String {
    static var path: Self {
        Self(
            words: "an absolute path",
            text: { $0 },
            parse: { $0.hasPrefix("/") && !$0.contains("\0") ? $0 : nil }
        )
    }
    static var text: Self {
        Self(words: "a text that is not empty", text: { $0 }, parse: { $0.isEmpty ? nil : $0 })
    }
}

extension ConfigurationField.Kind where Value == [String] {
    static var names: Self {
        Self(
            words: "names of lower-case letters, digits and hyphens, with commas between them, or `none`",
            text: { $0.isEmpty ? "none" : $0.joined(separator: ",") },
            parse: { text in
                guard text != "none" else { return [] }
                let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                return names.allSatisfy(isName) ? names : nil
            }
        )
    }

    /// A label of RFC 1123, as a RuntimeClass's handler must be.
    private static func isName(_ text: String) -> Bool {
        guard (1...63).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "-"),
            text.utf8.last != UInt8(ascii: "-")
        else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

extension ConfigurationField.Kind where Value == EndpointRange? {
    static var endpoint: Self {
        Self(
            words: "an address and a port, as `127.0.0.1:9813`, or `none`",
            text: { $0?.text ?? "none" },
            parse: { text in
                guard text != "none" else { return .some(nil) }
                guard let endpoint = EndpointRange(text), endpoint.port != nil,
                    endpoint.prefix.length == endpoint.prefix.address.family.bits
                else {
                    return nil
                }
                return endpoint
            }
        )
    }
}

extension ConfigurationField.Kind where Value == [EndpointRange] {
    static var endpoints: Self {
        Self(
            words:
                "addresses or prefixes with commas between them, each with or without a port, as `127.0.0.1:8080, [::1]:8080`",
            text: { $0.map(\.text).joined(separator: ", ") },
            parse: { text in
                let words = text.split(whereSeparator: { $0 == "," || $0 == " " })
                let ranges = words.compactMap { EndpointRange(String($0)) }
                return ranges.count == words.count ? ranges : nil
            }
        )
    }
}

extension ConfigurationField.Kind where Value == Bool {
    static var flag: Self {
        Self(words: "true or false", text: { "\($0)" }, parse: { RuntimeConfiguration.isTrue($0) })
    }
}

extension ConfigurationField.Kind where Value == Int {
    static func number(_ range: ClosedRange<Int>) -> Self {
        Self(
            words: "a number from \(range.lowerBound) to \(range.upperBound)",
            text: { "\($0)" },
            parse: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
        )
    }
}

extension ConfigurationField.Kind where Value == [IPPrefix] {
    static var networks: Self {
        Self(
            words: "networks with commas between them, like `10.20.0.0/16,fd00:20::/64`, or nothing",
            text: { $0.map(\.text).joined(separator: ",") },
            parse: { text in
                let parts = text.split(separator: ",", omittingEmptySubsequences: false)
                    .map { String($0.filter { $0 != " " }) }
                // Each costs instructions of a program that the kernel limits.
                guard text.contains(where: { $0 != " " }) else { return [] }
                let networks = parts.compactMap { IPPrefix($0) }
                return networks.count == parts.count && networks.count <= 64 ? networks : nil
            }
        )
    }
}

extension ConfigurationField.Kind where Value == ByteCount {
    static var bytes: Self {
        Self(words: "bytes, as `134217728` or `128Mi`", text: { $0.text }, parse: { ByteCount($0) })
    }
}

extension ConfigurationField.Kind
where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
    static var word: Self {
        let words = Value.allCases.map(\.rawValue)
        let last = words.last ?? ""
        return Self(
            words: words.count > 1 ? "\(words.dropLast().joined(separator: ", ")) or \(last)" : last,
            text: { $0.rawValue },
            parse: { Value(rawValue: $0) }
        )
    }
}
