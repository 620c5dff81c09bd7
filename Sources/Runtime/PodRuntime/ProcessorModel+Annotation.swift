// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import DomainXML
import Pods

extension ProcessorModel {
    /// Why an annotation describes no processor.
    struct Refusal: Error {
        let reason: String
    }

    /// The most bytes that a description may have.
    static let mostBytes = 16 << 10
    /// The most features: no processor has more.
    static let mostFeatures = 1000

    /// Reads the annotation VirtletLibvirtCPUSetting: libvirt's element `cpu` in YAML.
    ///
    /// Keys, in any case: `mode`, `match`, `model` (`value`, `fallback`), `features` (a list of `name`, `policy`).
    init(annotation text: String) throws(Refusal) {
        guard text.utf8.count <= Self.mostBytes else {
            throw Refusal(reason: "has more than \(Self.mostBytes) bytes")
        }
        let root: YAMLNode?
        do throws(YAMLError) {
            var budget = YAMLBudget()
            root = try YAMLReader.document(text, &budget)
        } catch {
            throw Refusal(reason: "can't be read as YAML: \(error)")
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
                    default:
                        throw Refusal(reason: "has an unknown key model.\(PodServiceError.shortened(key))")
                    }
                }
            case "features":
                guard let list = value.list else {
                    throw Refusal(reason: "has a key features that is not a list")
                }
                guard list.count <= Self.mostFeatures else {
                    throw Refusal(reason: "has more than \(Self.mostFeatures) features")
                }
                for entry in list { features.append(try Self.feature(entry)) }
            default: throw Refusal(reason: "has an unknown key \(PodServiceError.shortened(key))")
            }
        }
    }

    private static func feature(_ node: YAMLNode) throws(Refusal) -> Feature {
        var name: String?
        var policy = Feature.Policy.require
        for (key, value) in try members(of: node, "a feature") {
            switch key {
            case "name": name = try self.name(value, "features.name")
            case "policy": policy = try word(value, "features.policy")
            default: throw Refusal(reason: "has an unknown key features.\(PodServiceError.shortened(key))")
            }
        }
        guard let name else { throw Refusal(reason: "has a feature without a name") }
        return Feature(name: name, policy: policy)
    }

    private static func members(
        of node: YAMLNode?,
        _ what: String
    ) throws(Refusal) -> [(key: String, value: YAMLNode)] {
        guard let map = node?.map else {
            throw Refusal(reason: "is refused: \(what) is not a map of keys like `mode: host-model`")
        }
        return map.map { ($0.key.text.lowercased(), $0.value) }
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ node: YAMLNode,
        _ key: String
    ) throws(Refusal) -> Word where Word.RawValue == String {
        guard let text = node.scalar?.text, let word = Word(rawValue: text) else {
            let all = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(reason: "is refused: \(key) must be one of \(all)")
        }
        return word
    }

    private static func name(_ node: YAMLNode, _ key: String) throws(Refusal) -> String {
        guard let text = node.scalar?.text, (1...128).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Refusal(reason: "is refused: \(key) must be a name of 1 to 128 characters without spaces")
        }
        return text
    }
}
