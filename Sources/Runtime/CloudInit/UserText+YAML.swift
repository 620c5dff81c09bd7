// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML

extension UserText {
    /// The map of keys that a document is; an empty one where the document is empty.
    ///
    /// - Throws: What is wrong with it, by its source and place; the text is not quoted, as secrets may stand in it.
    func settings(_ budget: inout YAMLBudget) throws(CloudInitError) -> YAMLMap {
        let operation = "read \(source)\(key.map { ", the key \"\(PlainKey($0))\"" } ?? "") as YAML"
        guard text.utf8.count <= Self.mostBytes else {
            throw CloudInitError(operation: operation, reason: "it is longer than \(Self.mostBytes) bytes")
        }
        let document: YAMLNode?
        do throws(YAMLError) {
            document = try YAMLReader.document(text, &budget)
        } catch {
            throw CloudInitError(operation: operation, reason: error.description)
        }
        if let key {
            var settings = YAMLMap()
            settings.set(YAMLScalar(key), document ?? .scalar(YAMLScalar(plain: "null")))
            return settings
        }
        switch document {
        case nil: return YAMLMap()
        case .map(let map): return map
        default:
            let kind = document?.list == nil ? "a text" : "a list"
            throw CloudInitError(
                operation: operation,
                reason: "it is \(kind), and a map of keys like `timezone: UTC` is expected"
            )
        }
    }
}

/// A key as it may stand in a message.
struct PlainKey: CustomStringConvertible {
    let description: String

    init(_ key: String) {
        description = String(
            String.UnicodeScalarView(
                key.unicodeScalars.prefix(64).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }
            )
        )
    }
}
