// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The page that says what becomes of each field of a pod, and the interface.
@Suite struct PodFieldsTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The fields of each message, with the type of each.
    private func messages() throws -> [String: [(name: String, type: String)]] {
        var messages: [String: [(name: String, type: String)]] = [:]
        var message: String?
        for line in try text("Sources/Runtime/CRIMessages/runtime.proto").split(separator: "\n") {
            if line.hasPrefix("message ") {
                message = String(line.dropFirst("message ".count).prefix { $0 != " " })
            } else if line.hasPrefix("}") {
                message = nil
            }
            guard let message, line.hasPrefix("    "), !line.hasPrefix("     "), line.hasSuffix(";"),
                let sides = line.range(of: " = ")
            else { continue }
            let words = line[..<sides.lowerBound].split(separator: " ")
            guard words.count >= 2 else { continue }
            let type = words[words.count - 2]
            messages[message, default: []].append((String(words[words.count - 1]), String(type)))
        }
        return messages
    }

    @Test(
        "each field with which a sandbox and a container are described has its row, and no row is of another",
        .rule("FIELDS")
    )
    func rows() throws {
        let messages = try messages()
        var pending = ["PodSandboxConfig", "ContainerConfig"]
        var seen: Set<String> = []
        var fields: Set<String> = []
        while let message = pending.popLast() {
            guard seen.insert(message).inserted, let members = messages[message] else { continue }
            for member in members {
                fields.insert("\(message).\(member.name)")
                pending.append(member.type)
            }
        }
        #expect(fields.count > 80)
        var rows: [String: String] = [:]
        for line in try text("docs/pod-fields.md").split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.components(separatedBy: " | ")
            let name = try present(cells.first).dropFirst(3).dropLast()
            #expect(
                rows.updateValue(cells.dropFirst().joined(), forKey: String(name)) == nil,
                "twice: \(name)"
            )
        }
        #expect(fields.subtracting(rows.keys).sorted() == [], "have no row in docs/pod-fields.md")
        #expect(Set(rows.keys).subtracting(fields).sorted() == [], "are no fields")
        for (name, row) in rows { #expect(row.count > 5 && !row.contains("?"), "\(name)") }
    }
}
