// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import TestSupport
import Testing
import Yams

@Suite struct YAMLWriterTests {
    /// What another reader makes of a document, with the types that it takes plain texts for.
    private func meaning(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): return "\(node.tag.description) \(scalar.string.debugDescription)"
        case .sequence(let items): return "[\(items.map(meaning).joined(separator: ", "))]"
        case .mapping(let mapping):
            return "{\(mapping.map { "\(meaning($0.key)): \(meaning($0.value))" }.joined(separator: ", "))}"
        case .alias: return "*"
        }
    }

    private func expectSame(_ text: String) throws {
        var budget = YAMLBudget()
        let written = YAMLWriter.text(try present(try YAMLReader.document(text, &budget)))
        #expect(written.utf8.allSatisfy { $0 == 0x0A || (0x20...0x7E).contains($0) })
        let before = meaning(try present(try Yams.compose(yaml: text)))
        let after = meaning(try present(try Yams.compose(yaml: written)))
        #expect(after == before, "\(written)")
    }

    @Test(arguments: [
        "1", "0644", "yes", "~", "null", "1.5", "2026-01-01", "2001-12-14 21:59:43.10 -5", "a b", "a:b",
        "http://x/y?z",
        "-1", "-a", "--- a", "...", "a #b", "a,b", "x]", "é", "a%", "a@b", "a?", "a!", "a&b", "a*", "a\n  b",
        "a\n\n  b",
        "'it''s'", "\"a\\tb\\0\\x85\\u2028\\U0001F600\"", "|\n  x\n  y\n", ">-\n  x\n  y\n", "'yes'", "\"1\"",
        "[]", "{}", "''",
        "[[], {}, [[x]], {y: [z, {w: 1}]}]", "{a: [], b: {}, c: [[1], [2, [3]]]}",
    ])
    func `another reader takes what is written for what was read`(value: String) throws {
        try expectSame("key: \(value)\n")
        try expectSame("- \(value.hasPrefix("-") ? "'\(value)'" : value)\n- x\n")
    }

    @Test(arguments: [
        "'a b'", "'1'", "yes", "'- a'", "'...'", "\"a\\nb\"", "'é'", "'?'", "a:b", "'#'", "1", "'<<'", "y",
    ])
    func `keys stay what they are`(key: String) throws {
        try expectSame("\(key): 1\nother: {\(key): {x: 1}}\n")
    }

    @Test func `a long key is still one`() throws {
        let key = String(repeating: "\\x01", count: YAMLMap.longestKey)
        try expectSame("? \"\(key)\"\n: 1\n")
    }

    @Test func `texts of ours can't be taken for anything else`() throws {
        for text in ["1", "yes", "a: b\n- c", "# x", "\u{7F}\u{85}\u{FEFF}", "'\"\\"] {
            let written = YAMLWriter.text(.keys([(text, .list([.text(text)]))]))
            let read = try present(try Yams.compose(yaml: written)?.mapping?.first)
            #expect(
                read.value.sequence?.first?.string == text
                    && read.value.sequence?.first?.tag.description == Tag.Name.str.rawValue
            )
            #expect(read.key.scalar?.string == text)
        }
    }

    @Test func `a MiB is written at once`() {
        let clock = ContinuousClock()
        let start = clock.now
        let text = YAMLWriter.text(.text(String(repeating: "é\"", count: 1 << 19)))
        #expect(text.utf8.count == (1 << 19) * 6 + 3)
        #expect(clock.now - start < .seconds(5))
    }
}
