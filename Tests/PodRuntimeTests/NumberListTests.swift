// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PodRuntime

@Suite struct NumberListTests {
    @Test(arguments: [
        ("0", [0...0]), ("0-3", [0...3]), ("0-3,7", [0...3, 7...7]), ("5,1-2", [5...5, 1...2]),
        ("65535", [65_535...65_535]),
    ])
    func `lists of cpuset are read`(text: String, ranges: [ClosedRange<Int>]) {
        #expect(NumberList(text)?.ranges == ranges)
    }

    @Test(arguments: [
        "", ",", "1,", "-", "-1", "1-", "3-1", "1-2-3", "a", "0x1", " 1", "1 ", "1\n", "+1", "\u{661}",
        "65536",
        "99999999999999999999", String(repeating: "1,", count: 2048) + "1",
    ])
    func `any other text is not a list`(text: String) { #expect(NumberList(text) == nil) }

    @Test(arguments: [
        ("0-3", "0", true), ("0-1,3", "1,3", true), ("0-1,3", "1-3", false), ("0-1", "2", false),
    ])
    func `a list has the numbers of another, or it has not`(all: String, some: String, isThere: Bool) throws {
        #expect(try #require(NumberList(all)).contains(try #require(NumberList(some))) == isThere)
    }
}
