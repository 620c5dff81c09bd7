// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import TestSupport
import Testing

@Suite struct YAMLReaderTests {
    private func read(_ text: String) throws -> YAMLNode? {
        var budget = YAMLBudget()
        return try YAMLReader.document(text, &budget)
    }

    private func refusal(_ text: String) -> String {
        let error = #expect(throws: YAMLError.self) { try read(text) }
        return error?.description ?? ""
    }

    @Test func `maps, lists, texts and words are read with their order and their quotes`() throws {
        let map = try present(try read("b: [1, '1']\na: {c: yes}\n")?.map)
        #expect(map.map(\.key.text) == ["b", "a"])
        let list = try present(map["b"]?.list)
        #expect(list.map { $0.scalar?.isPlain } == [true, false])
        #expect(map["a"]?.map?["c"]?.scalar?.value == .flag(true))
        #expect(map.first?.key.place?.line == 1 && map.first?.key.place?.column == 1)
    }

    @Test func `JSON is read, and an empty document is none`() throws {
        let json = try read("{\"a\": [1, true, null, \"x\\ny\\u00e9\"]}")
        #expect(json?.map?["a"]?.list?.last?.scalar?.text == "x\nyé")
        for text in ["", "# nothing\n", "~", "---\n", "null"] { #expect(try read(text) == nil) }
    }

    @Test func `aliases are put in place, in keys too, and merge keys are resolved`() throws {
        let map = try present(
            try read(
                "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: {<<: [{y: 4}, *a]}\n? &k key\n: 1\nd: {*k : 2}\n"
            )?.map
        )
        #expect(map["b"]?.map?["x"]?.scalar?.text == "3" && map["b"]?.map?["y"]?.scalar?.text == "2")
        #expect(map["c"]?.map?["y"]?.scalar?.text == "4" && map["c"]?.map?["x"]?.scalar?.text == "1")
        #expect(map["d"]?.map?["key"]?.scalar?.text == "2")
    }

    @Test(arguments: [
        ("a: 1\na: 2", "line 2, column 1: a key stands twice"),
        ("a: *b", "line 1, column 4: an alias names no anchor before it"),
        ("a: &x [*x]", "line 1, column 8: an alias names no anchor before it"),
        ("? [a]\n: b", "line 1, column 3: a key is no text"),
        ("<<: 1", "line 1, column 1: << takes maps only"),
        ("--- a\n--- b\n", "line 2, column 1: a second document begins, and one is expected"),
        ("a: !!set {b}", "line 1, column 4: a tag can't be kept"),
        ("a: !!python/object:os.system x", "line 1, column 4: a tag can't be kept"),
        ("a: [", "line 2, column 1: did not find expected node content"),
        ("\"\(String(repeating: "k", count: 254))\": 1", "line 1, column 1: a key is longer than 253 bytes"),
    ])
    func `what can't be meant is refused by its place`(text: String, problem: String) {
        #expect(refusal(text).hasPrefix(problem), "\(refusal(text))")
    }

    @Test func `keys that merely look alike are two`() throws {
        let map = try present(try read("\"\\u00e9\": 1\n\"e\\u0301\": 2\n")?.map)
        #expect(map.count == 2 && map["e\u{301}"]?.scalar?.text == "2")
    }

    // MARK: - Bounds

    /// A billion laughs, of lists, of maps, and hidden in keys.
    static let bombs: [(name: String, text: String)] = {
        func levels(_ open: String, _ item: (Int, Int) -> String, _ close: String) -> String {
            "a0: &a0 lol\n"
                + (1...30).map { level in
                    let items = (0..<10).map { item($0, level - 1) }.joined(separator: ",")
                    return "a\(level): &a\(level) \(open)\(items)\(close)\n"
                }.joined()
        }
        let lists = levels("[", { "*a\($1)" }, "]")
        let keys =
            "&a0 [x,x,x,x]: 1\n"
            + (1...30).map { "? &a\($0) [*a\($0 - 1),*a\($0 - 1),*a\($0 - 1)]\n: 1\n" }.joined()
        return [
            ("lists", lists), ("maps", levels("{", { "k\($0): *a\($1)" }, "}")),
            ("a list as a key", lists + "? *a30\n: 1\n"), ("lists nested in keys", keys),
            (
                "merges",
                "a0: &a0 {x: 1}\n"
                    + (1...5000).map { "a\($0): &a\($0) {<<: *a\($0 - 1), k\($0): 1}\n" }.joined()
            ),
            ("deep", String(repeating: "[", count: 500_000)),
            ("deep maps", String(repeating: "{a: ", count: 200_000)),
            ("deep dashes", String(repeating: "- ", count: 400_000)),
            (
                "long texts",
                "a: &a \(String(repeating: "x", count: 900_000))\nb: [\(String(repeating: "*a,", count: 20_000))]\n"
            ),
            ("many keys", (0...20_000).map { "k\($0): 1\n" }.joined()),
            ("many items", String(repeating: "- x\n", count: 110_000)),
            ("tag lines", (0...40_000).map { "%TAG !\($0)! tag:x\n" }.joined() + "--- a\n"),
        ]
    }()

    @Test(.timeLimit(.minutes(1)), arguments: bombs.map(\.name))
    func `what stands for more than a pod may have is refused at once`(name: String) throws {
        let text = try present(Self.bombs.first { $0.name == name }?.text)
        let clock = ContinuousClock()
        let start = clock.now
        let message = refusal(text)
        #expect(clock.now - start < .seconds(5), "\(clock.now - start)")
        #expect(message.utf8.count < 200)
    }

    @Test func `time is linear in the number of keys`() throws {
        func seconds(_ keys: Int) throws -> Double {
            let text = (0..<keys).map { "key-\($0): {value: '\($0)'}\n" }.joined()
            let times = try (0..<3).map { _ in
                let clock = ContinuousClock()
                let start = clock.now
                let map = try read(text)?.map
                #expect(map?.count == keys)
                return (clock.now - start) / .seconds(1)
            }
            return times.min() ?? 0
        }
        // Sixteen times as many take 256 times as long where time is quadratic.
        let ratio = try seconds(9_600) / seconds(600)
        #expect(ratio < 64, "\(ratio)")
    }

    @Test func `documents share a budget, and it names the bound`() throws {
        var budget = YAMLBudget()
        let text = (0..<6_000).map { "k\($0): 1\n" }.joined()
        for _ in 0..<3 { _ = try YAMLReader.document(text, &budget) }
        let error = #expect(throws: YAMLError.self) { try YAMLReader.document(text, &budget) }
        #expect(error?.problem.hasSuffix("exceeds 20000 keys") == true, "\(error as Any)")
        let nodes = refusal("a: [" + String(repeating: "x,", count: 100_001) + "]")
        #expect(nodes.hasSuffix("exceeds 100000 nodes"), "\(nodes)")
        #expect(refusal(String(repeating: "[", count: 101)).hasSuffix("exceeds 100 levels"))
        #expect(refusal(String(repeating: "x", count: 9 << 20)).hasSuffix("exceeds 8 MiB"))
    }

    @Test func `a budget whose time is over is refused`() {
        var budget = YAMLBudget(limit: .zero)
        let text = "[" + String(repeating: "x,", count: 1000) + "]"
        let error = #expect(throws: YAMLError.self) { try YAMLReader.document(text, &budget) }
        #expect(error?.problem.contains("was not read within") == true)
    }

    @Test(arguments: [
        ("1", YAMLScalar.Value.integer(1)), ("-5", .integer(-5)), ("0644", .integer(420)),
        ("0x1F", .integer(31)),
        ("0b11", .integer(3)), ("1_000", .integer(1000)), ("1:30", .integer(90)), ("1.5", .fraction("1.5")),
        ("-.5", .fraction("-0.5")), ("1.", .fraction("1.0")), ("1.5e+3", .fraction("1500.0")), ("1e3", .text),
        ("0x", .text), ("08", .text), ("--1", .text), ("+-1", .text), (".", .text), ("1.2.3", .text),
        (".inf", .text),
        ("99999999999999999999", .text), ("yes", .flag(true)), ("Off", .flag(false)), ("~", .null),
        ("2026-01-01", .text), ("1:99", .text), ("10.0.0.1", .text),
    ])
    func `plain words are taken for what YAML 1.1 takes them for`(text: String, value: YAMLScalar.Value) {
        #expect(YAMLScalar(plain: text).value == value, "\(YAMLScalar(plain: text).value)")
        #expect(YAMLScalar(text).value == .text)
    }
}
