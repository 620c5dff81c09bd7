// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct JSONKeysTests {
    private func fields(_ text: String) throws -> JSONFields {
        try JSONFields(try JSONValue(parsing: Array(text.utf8)), path: "o", matching: .asGo)
    }

    @Test(arguments: ["ingressRate", "IngressRate", "INGRESSRATE", "ingre\u{17F}\u{17F}Rate"])
    func `as Go compares keys, case does not matter`(key: String) throws {
        #expect(try fields(#"{"\#(key)":5}"#).optionalInteger("ingressRate", in: 0...9) == 5)
        let exact = try JSONFields(try JSONValue(parsing: Array(#"{"\#(key)":5}"#.utf8)))
        #expect(try exact.optionalInteger("ingressRate", in: 0...9) == (key == "ingressRate" ? 5 : nil))
    }

    @Test(arguments: [
        "ingressRat", "ingressRates", "ingress_Rate", "\u{131}ngressRate", "", "ingressRat\u{20AC}",
    ])
    func `any other key is another`(key: String) throws {
        #expect(try fields(#"{"\#(key)":5}"#).optionalInteger("ingressRate", in: 0...9) == nil)
    }

    @Test func `the last of equal keys counts, and null changes nothing`() throws {
        let fields = try fields(#"{"rate":1,"Rate":2,"RATE":null,"\u212aey":3,"in":{"A":[{"B":4}]}}"#)
        #expect(try fields.optionalInteger("rate", in: 0...9) == 2)
        #expect(try fields.optionalInteger("key", in: 0...9) == 3)
        #expect(try fields.fields("IN").list("a")[0].integer("b", in: 0...9) == 4)
    }

    @Test func `the first unknown member is told; one that is null is none`() throws {
        let fields = try fields(#"{"Rate":1,"gone":null,"More":2,"less":3}"#)
        #expect(fields.firstMember(besides: ["rate"])?.key == "More")
        #expect(fields.firstMember(besides: ["rate", "more", "less"]) == nil)
    }
}
