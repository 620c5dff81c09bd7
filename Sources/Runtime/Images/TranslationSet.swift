// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import ImageFormats

/// A file of translations: from names to URLs, and how these are reached.
struct TranslationSet: Hashable, Sendable {
    /// The file's name.
    let file: String
    /// What names must begin with, with its slash; empty for all names.
    let prefix: String
    let rules: [Rule]
    let profiles: [String: TransportProfile]

    /// One translation.
    struct Rule: Hashable, Sendable {
        let match: Match
        /// The profile's name.
        let transport: String
        /// Its place in the file, from 1.
        let number: Int
    }

    /// Which names a rule is for, and what it makes of them.
    enum Match: Hashable, Sendable {
        /// A name; with a tag, for this tag alone.
        case fixed(name: String, tag: String?, url: String)
        case pattern(Pattern, URLTemplate)
    }

    func profile(of rule: Rule) -> TransportProfile { profiles[rule.transport] ?? TransportProfile() }
}

extension TranslationSet {
    /// Reads a file: `prefix`, `translations`, `transports`; or an object of Virtlet's kind VirtletImageMapping with these
    /// in its `spec`.
    init(file: String, yaml: String) throws(ImageError) {
        let fields: YAMLFields
        do {
            var budget = YAMLBudget.ofOperators
            guard let node = try YAMLReader.document(yaml, &budget) else { throw YAMLProblem("it is empty") }
            var outer = try YAMLFields(node, path: "")
            if try outer.optionalText("kind") == "VirtletImageMapping" {
                try outer.allow("apiVersion", "kind", "metadata", "spec", "status")
                outer = try outer.fields("spec")
            }
            fields = outer
            try fields.allow("prefix", "translations", "transports")
            var prefix = try fields.optionalText("prefix") ?? ""
            if prefix.hasSuffix("/") { prefix.removeLast() }
            var profiles: [String: TransportProfile] = [:]
            for (name, value) in try fields.optionalFields("transports")?.members ?? [] {
                profiles[name] = try TransportProfile(YAMLFields(value, path: "transports.\(name)"))
            }
            var rules: [Rule] = []
            for (index, entry) in try fields.list("translations").enumerated() {
                rules.append(try Rule(entry, number: index + 1, profiles: profiles))
            }
            self.init(
                file: file,
                prefix: prefix.isEmpty ? "" : prefix + "/",
                rules: rules,
                profiles: profiles
            )
        } catch {
            let reason = (error as? YAMLProblem)?.reason ?? (error as? YAMLError)?.described ?? "\(error)"
            throw ImageError(.configuration, "read the translations of \(file)", reason)
        }
    }
}

extension TranslationSet.Rule {
    fileprivate init(
        _ fields: YAMLFields,
        number: Int,
        profiles: [String: TransportProfile]
    ) throws(YAMLProblem) {
        try fields.allow("name", "regexp", "url", "transport")
        let url = try fields.text("url")
        let name = try fields.optionalText("name") ?? ""
        let pattern = try fields.optionalText("regexp") ?? ""
        switch (name.isEmpty, pattern.isEmpty) {
        case (false, true):
            // A colon behind the last slash begins a tag.
            let slash = name.lastIndex(of: "/") ?? name.startIndex
            if let colon = name[slash...].lastIndex(of: ":") {
                let tag = String(name[name.index(after: colon)...])
                match = .fixed(name: String(name[..<colon]), tag: tag, url: url)
            } else {
                match = .fixed(name: name, tag: nil, url: url)
            }
        case (true, false):
            do throws(PatternError) {
                let compiled = try Pattern(pattern)
                match = .pattern(compiled, try URLTemplate(url, for: compiled))
            } catch {
                throw fields.problem("regexp", error.message)
            }
        default: throw fields.problem("name", "an entry has either a name or a regexp")
        }
        transport = try fields.optionalText("transport") ?? ""
        if !transport.isEmpty, profiles[transport] == nil {
            let nearest = nearestWord(transport, profiles.keys.sorted())
            throw fields.problem(
                "transport",
                "there is no profile \(transport) in this file"
                    + (nearest.map { "; did you mean \($0)?" } ?? "")
            )
        }
        self.number = number
    }
}

extension TransportProfile {
    fileprivate init(_ fields: YAMLFields) throws(YAMLProblem) {
        self.init()
        try fields.allow("timeout", "maxRedirects", "proxy", "tls")
        if let timeout = try fields.optionalInteger("timeout"), timeout > 0 { timeoutMilliseconds = timeout }
        if let most = try fields.optionalInteger("maxRedirects") {
            guard (0...50).contains(most) else {
                throw fields.problem("maxRedirects", "0 to 50 are possible")
            }
            mostRedirects = most
        }
        if let text = try fields.optionalText("proxy"), !text.isEmpty {
            let schemes = ["http://", "https://", "socks5://", "socks5h://"]
            guard schemes.contains(where: text.hasPrefix), text.utf8.allSatisfy({ (33...126).contains($0) })
            else { throw fields.problem("proxy", "it begins with one of \(schemes.joined(separator: " "))") }
            proxy = text
        }
        guard let tls = try fields.optionalFields("tls") else { return }
        try tls.allow("certificates", "serverName", "insecure")
        isInsecure = try tls.optionalFlag("insecure") ?? false
        if let name = try tls.optionalText("serverName"), !name.isEmpty {
            guard name.utf8.allSatisfy({ ByteSet.word.contains($0) || $0 == 45 || $0 == 46 }) else {
                throw tls.problem("serverName", "it is not a host name")
            }
            serverName = name
        }
        for entry in try tls.list("certificates") { try add(entry) }
    }

    private mutating func add(_ fields: YAMLFields) throws(YAMLProblem) {
        try fields.allow("cert", "key")
        let certificate = try fields.text("cert")
        let key = try fields.optionalText("key") ?? ""
        switch PEM.isAuthority(certificate) {
        case nil: throw fields.problem("cert", "it is not a certificate in PEM")
        case true? where key.isEmpty: authorities.append(certificate)
        case false? where key.isEmpty:
            throw fields.problem(
                "key",
                "it is missing: the certificate is not an authority's, so it is ours to show"
            )
        default:
            guard PEM.isPrivateKey(key) else {
                throw fields.problem("key", "it is not a private key in PEM without a passphrase")
            }
            guard client == nil else { throw fields.problem("key", "one certificate of our own is possible") }
            client = ClientCertificate(certificate: certificate, key: key)
        }
    }
}
