// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Images

@Suite struct PatternTests {
    @Test(
        arguments: [
            ("^centos/(\\d+)-(\\d+)$", "centos/7-1510", ["centos/7-1510", "7", "1510"]),
            ("a+", "baaac", ["aaa"]), ("a+?", "baaac", ["a"]),
            ("(a|ab)(c|bcd)(d*)", "abcd", ["abcd", "a", "bcd", ""]),
            ("(?:x|y){2,3}", "xyxy", ["xyx"]), ("x{2}", "xxx", ["xx"]), ("[^/]+$", "a/b/c.img", ["c.img"]),
            ("[a-c.-]+", "zz-a.b", ["-a.b"]), ("[[:digit:]]+", "ab12", ["12"]),
            ("(?P<v>\\d)(?<w>\\d)", "12", ["12", "1", "2"]),
            ("a{,2}", "a{,2}", ["a{,2}"]), ("(a*)*b", "aab", ["aab", ""]), ("\\.", "a.b", ["."]),
            ("x*", "", [""]),
            ("\\Aab\\z", "ab", ["ab"]), ("[]a]+", "a]", ["a]"]),
        ] as [(String, String, [String])]
    )
    func `a match gives its groups`(pattern: String, text: String, groups: [String]) throws {
        let found = try Pattern(pattern).match(text)
        let known = try #require(found).map { $0 ?? "" }
        if pattern == "(a*)*b" {
            // Which empty or full repetition a group notes last differs among engines.
            #expect(known[0] == groups[0])
        } else {
            #expect(known == groups)
        }
    }

    @Test(arguments: [("^b", "ab"), ("a$", "ab"), ("[^a]", "aaa"), ("x{3}", "xx"), ("\\d", "a"), ("A", "a")])
    func `no match is none`(pattern: String, text: String) throws {
        let found = try Pattern(pattern).match(text)
        #expect(found == nil)
    }

    @Test(arguments: [
        "", "(", ")", "a)", "(a", "[", "[a", "*", "a**", "+a", "a{2,1}", "a{1001}", "\\", "\\b", "(?i)a",
        "(?=a)", "(?<1>a)",
        "(?P<a", "[z-a]", "[[:nix:]]", "ä", "\\1", "(?P<a>x)(?P<a>y)", "((a{1000}){1000}){1000}",
        "((?:(?:){1000}){1000}){1000}", String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
        String(repeating: "a", count: 1001),
    ])
    func `what is no pattern is refused`(text: String) {
        #expect(throws: PatternError.self) { try Pattern(text) }
    }

    @Test func `no text makes a pattern slow`() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let text = String(repeating: "a", count: 255)
        for pattern in ["^(a+)+$", "(a|a)*b", "(.*)*x", "(a?){200}a{55}b", "((a*)*)*c"] {
            let found = try Pattern(pattern).match(text + "!")
            #expect(found == nil)
        }
        #expect(clock.now - start < .seconds(10))
    }

    @Test(arguments: [
        ("https://e/$1-${2}.img", "https://e/7-x.img"), ("$$1", "$1"), ("a${n}b", "axb"), ("$0", "7/x"),
        ("${tag}", "v2"), ("plain", "plain"),
    ])
    func `a template takes groups`(text: String, url: String) throws {
        let pattern = try Pattern("(\\d)/(?P<n>x)")
        let template = try URLTemplate(text, for: pattern)
        let groups = try #require(pattern.match("7/x"))
        #expect(template.url(groups, tag: "v2") == url)
    }

    @Test(arguments: ["$", "$3", "$1x", "${1", "$nix", "${}"])
    func `a template that names no group is refused`(text: String) throws {
        let pattern = try Pattern("(\\d)/(x)")
        #expect(throws: PatternError.self) { try URLTemplate(text, for: pattern) }
    }
}
