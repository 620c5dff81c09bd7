// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// What is JSON and what is echoed of it: section 3.3 of the agent's record.
@Suite struct JSONTextStandInTests {
    static let texts: [Exchange] = [
        Exchange("POST", "/port", "", .error("{ Invalid Json string ==>  }")),
        Exchange("POST", "/port", "  ", .error("{ Invalid Json string ==>    }")),
        Exchange("POST", "/port", "null", .unexpected("null")),
        Exchange("POST", "/port", "true", .unexpected("true")),
        Exchange("POST", "/port", "1.5", .unexpected("1.5")),
        Exchange("POST", "/port", "\"x\"", .unexpected("\"x\"")),
        Exchange("POST", "/port", "{} x", .invalid("{} x")),
        Exchange("POST", "/port", "{}{}", .invalid("{}{}")),
        Exchange("POST", "/port", "[1,]", .invalid("[1,]")),
        Exchange("POST", "/port", "/* c */ {}", .invalid("/* c */ {}")),
        Exchange("POST", "/port", "{'a':1}", .invalid("{'a':1}")),
        Exchange("POST", "/port", [0xef, 0xbb, 0xbf] + Bytes("{}"), .invalid("\u{feff}{}")),
        Exchange("POST", "/port", "{\"a\":\"\u{1}\"}", .invalid("{\"a\":\"\\u0001\"}")),
        Exchange(
            "POST",
            "/port",
            "{\"a\":\"\\ud800\"}",
            .error("{ Invalid Json string ==> {\\\"a\\\":\\\"\\\\ud800\\\"} }")
        ),
    ]

    static let echoes: [Exchange] = [
        Exchange("POST", "/port", "{\"\\\n\u{1}", .error("{ Invalid Json string ==> {\\\"\\\\\\n\\u0001 }")),
        Exchange("POST", "/port", "{/\u{7f}\u{e9}", .error("{ Invalid Json string ==> {/\u{7f}\u{e9} }")),
        Exchange(
            "POST",
            "/port",
            Bytes("{") + [0xe9],
            Reply(500, Bytes("{\"error\":\"{ Invalid Json string ==> {") + [0xe9] + Bytes(" }\"}"))
        ),
        Exchange(
            "POST",
            "/port",
            Bytes("{a") + [0] + Bytes("b"),
            Reply(500, Bytes("{\"error\":\"{ Invalid Json string ==> {a\"}"))
        ),
        Exchange("POST", "/port", Bytes(Sample.port()) + [0] + Bytes("junk"), .ok),
    ]

    static let deep: [Exchange] = [
        Exchange(
            "POST",
            "/port",
            String(repeating: "[", count: 50_000),
            .invalid(String(repeating: "[", count: 50_000))
        ),
        Exchange(
            "POST",
            "/vm",
            String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000),
            .unexpected(String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000))
        ),
    ]

    @Test("What is JSON", arguments: texts)
    func text(_ test: Exchange) throws { try test.check(StandIn()) }

    @Test("What is echoed", arguments: echoes)
    func echo(_ test: Exchange) throws { try test.check(StandIn()) }

    @Test("Depth alone does no harm unless a switch says so", arguments: deep)
    func depth(_ test: Exchange) throws { try test.check(StandIn()) }

    @Test("Strings are stored as C strings, raw, with rapidjson's escapes")
    func stored() throws {
        let standIn = try StandIn()
        func post(_ name: Bytes) throws -> Bytes? {
            let parts = Sample.port(["display-name": "\"@\""]).split(separator: "@")
            let body = Bytes(String(parts[0])) + name + Bytes(String(parts[1]))
            #expect(try standIn.request("DELETE", "/port/\(Sample.vmi)") == .ok)
            #expect(try standIn.request("POST", "/port", body) == .ok)
            return FileText.read(Bytes(standIn.folder + "/ports/" + Sample.vmi))
        }
        func holds(_ file: Bytes?, _ line: Bytes) -> Bool {
            file?.firstRange(of: Bytes("\"display-name\": ") + line) != nil
        }
        #expect(holds(try post(Bytes("a\\u0000b")), Bytes("\"a\"")))
        #expect(holds(try post([0xe9]), Bytes("\"") + [0xe9] + Bytes("\"")))
        #expect(
            holds(
                try post(Bytes("q\\\"\\\\\\/\\n\\t\\u00e9\\u2028")),
                Bytes("\"q\\\"\\\\/\\n\\t\u{e9}\u{2028}\"")
            )
        )
    }
}
