// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct IPPrefixTests {
    @Test(arguments: ["10.47.255.249/12", "0.0.0.0/0", "1.2.3.4/32", "fd00:47::f9/64", "::/0", "::1/128"])
    func `the text is read and written alike, host bits kept`(text: String) {
        #expect(IPPrefix(text)?.text == text)
    }

    @Test(arguments: [
        "", "/", "1.2.3.4", "1.2.3.4/", "/24", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/ 8",
        "1.2.3.4/8 ",
        "1.2.3.4/0x8", "1.2.3.4/8/8", "1.2.3/8", "::/129", "::1%lo/64", "1.2.3.4/255.0.0.0",
        "1.2.3.4/\u{668}",
        "1.2.3.4/99999999999999999999",
    ])
    func `anything else is refused`(text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func `a length must fit the family`() throws {
        let v4 = try #require(IPAddress("1.2.3.4"))
        let v6 = try #require(IPAddress("::1"))
        for length in [-1, 33, 128] { #expect(IPPrefix(v4, length: length) == nil) }
        for length in [-1, 129] { #expect(IPPrefix(v6, length: length) == nil) }
        #expect(IPPrefix(v4, length: 32) != nil)
        #expect(IPPrefix(v6, length: 128) != nil)
    }

    @Test(arguments: [
        ("10.47.255.249/12", "10.32.0.1", true), ("10.47.255.249/12", "10.47.255.254", true),
        ("10.47.255.249/12", "10.48.0.0", false), ("10.47.255.249/12", "10.31.255.255", false),
        ("10.1.2.3/24", "10.1.2.255", true), ("10.1.2.3/24", "10.1.3.0", false),
        ("10.1.2.3/31", "10.1.2.2", true),
        ("10.1.2.3/31", "10.1.2.4", false), ("10.1.2.3/32", "10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.2", false),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::", false), ("::/0", "0.0.0.0", false),
        ("fd00::/64", "fd00::ffff:ffff:ffff:ffff", true), ("fd00::/64", "fd00:0:0:1::", false),
        ("fd00::/7", "fc00::1", true), ("fd00::/8", "fc00::1", false), ("fd00::1/127", "fd00::", true),
        ("fd00::1/128", "fd00::", false), ("::/0", "ffff::", true),
    ])
    func `a network holds its own addresses only`(prefix: String, address: String, isInside: Bool) throws {
        #expect(try #require(IPPrefix(prefix)).contains(try #require(IPAddress(address))) == isInside)
    }

    @Test func `the default destinations are all zero`() {
        #expect(IPPrefix.default(.v4) == IPPrefix("0.0.0.0/0"))
        #expect(IPPrefix.default(.v6) == IPPrefix("::/0"))
    }
}
