// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

@Suite struct AgentJSONTests {
    private func parse(_ text: Bytes) -> AgentJSON? {
        var parser = AgentJSONParser(text)
        return parser.parse()
    }

    @Test("Values are kept with their order and their duplicates")
    func values() {
        let json = parse(Bytes(#" {"a":[1,-2.5,true,null,"\ud83d\ude00\u00e9"],"b":{},"a":2} "#))
        #expect(json?["b"] == .object([]))
        #expect(
            json?["a"]
                == .array([.integer(1), .number(-2.5), .bool(true), .null, .string(Bytes("\u{1f600}\u{e9}"))])
        )
    }

    @Test("A text that is cut anywhere is no JSON")
    func truncated() {
        let text = Bytes(#"{"a":[1,{"b":"c\n"}],"d":-1.5e+3,"e":false}"#)
        #expect(parse(text) != nil)
        for end in text.indices { #expect(parse(Bytes(text[..<end])) == nil) }
    }

    @Test("A byte that is changed anywhere does no harm")
    func changed() {
        let text = Bytes(#"{"a":[1,{"b":"c\n\u0041"}],"d":-1.5e+3}"#)
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var other = text
                other[index] = byte
                _ = parse(other)
            }
        }
    }

    @Test("What is deeper than is kept is still checked")
    func depth() {
        let open = String(repeating: "[", count: 5000)
        let close = String(repeating: "]", count: 5000)
        #expect(parse(Bytes(open + close)) != nil)
        #expect(parse(Bytes(open + "x" + close)) == nil)
        #expect(parse(Bytes(open + close.dropLast())) == nil)
    }
}
