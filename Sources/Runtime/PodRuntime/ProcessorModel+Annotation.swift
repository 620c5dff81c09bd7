// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML
import Yams

extension ProcessorModel {
    /// Why an annotation describes no processor.
    struct Refusal: Error {
        let reason: String
    }

    /// The most bytes that a description may have.
    static let mostBytes = 16 << 10

    /// Reads the annotation VirtletLibvirtCPUSetting: libvirt's element `cpu` in YAML.
    ///
    /// Keys, in any case: `mode`, `match`, `model` (`value`, `fallback`), `features` (a list of `name`, `policy`).
    init(annotation text: String) throws(Refusal) {
        guard text.utf8.count <= Self.mostBytes else {
            throw Refusal(reason: "has more than \(Self.mostBytes) bytes")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Refusal(reason: "is no YAML: \(error)")
        }
        self.init()
        for (key, value) in try Self.members(of: root, "the document") {
            switch key {
            case "mode": mode = try Self.word(value, key)
            case "match": match = try Self.word(value, key)
            case "model":
                for (key, value) in try Self.members(of: value, "model") {
                    switch key {
                    case "value": model = try Self.name(value, "model.value")
                    case "fallback": fallback = try Self.word(value, "model.fallback")
                    default: throw Refusal(reason: "has an unknown key model.\(key.prefix(64))")
                    }
                }
            case "features":
                guard let list = value.sequence else { throw Refusal(reason: "features is no list") }
                for entry in list { features.append(try Self.feature(entry)) }
            default: throw Refusal(reason: "has an unknown key \(key.prefix(64))")
            }
        }
    }

    private static func feature(_ node: Node) throws(Refusal) -> Feature {
        var name: String?
        var policy = Feature.Policy.require
        for (key, value) in try members(of: node, "a feature") {
            switch key {
            case "name": name = try self.name(value, "features.name")
            case "policy": policy = try word(value, "features.policy")
            default: throw Refusal(reason: "has an unknown key features.\(key.prefix(64))")
            }
        }
        guard let name else { throw Refusal(reason: "has a feature without a name") }
        return Feature(name: name, policy: policy)
    }

    private static func members(
        of node: Node?,
        _ what: String
    ) throws(Refusal) -> [(key: String, value: Node)] {
        guard let mapping = node?.mapping else { throw Refusal(reason: "\(what) is no map of keys") }
        return mapping.map { ($0.key.string?.lowercased() ?? "", $0.value) }
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ node: Node,
        _ key: String
    ) throws(Refusal) -> Word where Word.RawValue == String {
        guard let text = node.string, let word = Word(rawValue: text) else {
            let all = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(reason: "\(key) is none of \(all)")
        }
        return word
    }

    private static func name(_ node: Node, _ key: String) throws(Refusal) -> String {
        guard let text = node.string, (1...128).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Refusal(reason: "\(key) is no name") }
        return text
    }
}
