// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(arguments: [
        #"{"a":1,"b":[true,false,null,-0.5e+10,"x"],"c":{"d":{}}}"#,
        #"{"z":9007199254740993,"a":123456789012345678901234567890}"#,
        #"[]"#, #""ä\\\"\n\u0001/""#, #"0"#, #"-1"#,
    ])
    func `what was read is written again byte by byte`(text: String) throws {
        #expect(String(decoding: try parse(text).serialized(), as: UTF8.self) == text)
    }

    @Test func `escapes are read`() throws {
        #expect(try parse(#""\u00e4\ud83d\ude00\/\b\f\r\t""#).string == "ä😀/\u{8}\u{c}\r\t")
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "1.", "1e", "-", "+1", "tru", "nul",
        "'x'",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "\"open", "1 2", "// c\n1",
        "NaN",
        "\u{feff}1", "{\"a\":1,\"a\":2}",
    ])
    func `what is no JSON is refused with a place`(text: String) {
        #expect {
            _ = try parse(text)
        } throws: { error in
            if case .syntax = error as? JSONError { return true }
            return false
        }
    }

    @Test func `invalid UTF-8 is refused`() {
        #expect(throws: JSONError.syntax(offset: 1, reason: "the string is not UTF-8")) {
            _ = try JSONValue(parsing: [0x22, 0xFF, 0x22])
        }
    }

    @Test func `duplicate keys are refused in large objects, too`() {
        let members = (0..<100).map { "\"k\($0)\":1" } + ["\"k50\":2"]
        #expect {
            _ = try parse("{" + members.joined(separator: ",") + "}")
        } throws: {
            ($0 as? JSONError)?.message.contains("\"k50\" appears twice") == true
        }
    }

    @Test func `keys are the same only byte by byte`() throws {
        // The Kelvin sign is a canonical equivalent of K, and e with an accent one of the letter with it.
        let members = ["\"K\":1", "\"\u{212A}\":2", "\"\u{E9}\":3", "\"e\u{301}\":4"]
        for further in [0, 30] {
            let all = members + (0..<further).map { "\"k\($0)\":0" } + ["\"\u{212B}\":5", "\"\u{C5}\":6"]
            let text = "{" + all.joined(separator: ",") + "}"
            let value = try parse(text)
            #expect(String(decoding: value.serialized(), as: UTF8.self) == text)
            #expect(value.object?["K"]?.integer == 1)
            #expect(value.object?["\u{212A}"]?.integer == 2)
            #expect(value.object?["A\u{30A}"] == nil)
        }
    }

    @Test func `depth and size are bounded`() throws {
        let most = JSONValue.maximumDepth
        _ = try parse(String(repeating: "[", count: most) + String(repeating: "]", count: most))
        #expect(throws: JSONError.self) { _ = try parse(String(repeating: "[", count: most + 1)) }
        #expect(throws: JSONError.self) { _ = try parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONError.self) {
            _ = try parse("\"" + String(repeating: "x", count: JSONValue.maximumSize) + "\"")
        }
    }

    @Test func `a text cut at any byte is refused`() throws {
        let text = Array(#"{"a":[1,{"b":"c\u00e4"}],"d":true,"e":-1.5e3}"#.utf8)
        _ = try JSONValue(parsing: text)
        for length in 0..<text.count {
            #expect(throws: JSONError.self) { _ = try JSONValue(parsing: Array(text[..<length])) }
        }
    }
}

@Suite struct JSONFieldsTests {
    @Test func `errors name the field by its path`() throws {
        let fields = try JSONFields(
            try JSONValue(parsing: Array(#"{"contrail":{"mtu":"x","n":70000}}"#.utf8))
        )
        let contrail = try fields.fields("contrail")
        #expect(throws: JSONError.field(path: "contrail.mtu", reason: "expected an integer, found a string"))
        {
            _ = try contrail.optionalInteger("mtu", in: 68...65_535)
        }
        #expect(throws: JSONError.field(path: "contrail.n", reason: "70000 is not between 68 and 65535")) {
            _ = try contrail.optionalInteger("n", in: 68...65_535)
        }
        #expect(throws: JSONError.field(path: "contrail.x", reason: "is missing")) {
            _ = try contrail.string("x")
        }
    }

    @Test func `setting a key replaces in place`() {
        var object = JSONObject([("a", .integer(1)), ("b", .integer(2))])
        object["a"] = .integer(3)
        object["b"] = nil
        object["c"] = .null
        #expect(object.members.map(\.key) == ["a", "c"])
        #expect(object["a"]?.integer == 3)
    }
}
