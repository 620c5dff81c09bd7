// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct InterfaceNameTests {
    @Test(arguments: [
        "a", "eth0", "tap0123456789ab", "net1.100", "...", ".x", "-", "a_b-c.d", "\u{e4}", "a\"b'c\\",
    ])
    func `names that the kernel takes are taken`(text: String) {
        #expect(InterfaceName(text)?.text == text)
    }

    /// Length, "." and "..", '/', ':' and isspace() are dev_valid_name's in net/core/dev.c.
    ///
    /// The kernel's isspace() is true for the byte 0xA0, too, and dev_get_valid_name takes '%' for a template.
    @Test(arguments: [
        "", ".", "..", "0123456789abcdef", "a/b", "/", "a:1", "a b", " a", "a ", "a\t", "a\n", "a\u{b}",
        "a\u{c}", "a\r", "\0",
        "a\0", "a\u{1}", "a\u{7f}", "\u{e0}", "eth%d", "a%", "../../etc/passw",
    ])
    func `names that the kernel refuses or changes are refused`(text: String) {
        #expect(InterfaceName(text) == nil)
    }

    /// utils.ValidateInterfaceName of the CNI library goes by Unicode's white space.
    @Test(arguments: [
        "a\u{85}", "a\u{a0}", "a\u{1680}", "a\u{2003}", "a\u{2028}", "a\u{202f}", "a\u{205f}", "a\u{3000}",
    ])
    func `white space of Unicode is refused`(text: String) {
        #expect(InterfaceName(text) == nil)
    }

    @Test func `15 bytes are the most, however many characters they are`() {
        #expect(InterfaceName("0123456789abcde") != nil)
        #expect(InterfaceName("\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}") != nil)
        #expect(InterfaceName("\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}") == nil)
    }

    /// A changed value here renames the devices of running pods at an upgrade: DEL would no longer find them.
    @Test(arguments: [
        (["c0ffee", "eth0"], "tapab5768a3452"), (["c0ffee", "eth1"], "tapf212dbe3bbc"),
        (["c0ffee", "eth0", "redirect"], "tapdb7fd16d611"),
        (["9b2f7f0c4f4d8a2e6b1d3c5a7e9f0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f70", "eth0"], "tap5affe4c8e92"),
        ([""], "tapb9034ad3705"),
        ([], "tapefd01f60ba9"),
    ])
    func `a name made of parts is the same in every version`(parts: [String], name: String) {
        #expect(InterfaceName(prefix: "tap", hashing: parts)?.text == name)
    }

    @Test func `a prefix takes at most 4 bytes, and the digits fill up to 15`() {
        #expect(InterfaceName(prefix: "", hashing: ["a"])?.text.utf8.count == 11)
        #expect(InterfaceName(prefix: "tap", hashing: ["a"])?.text.utf8.count == 14)
        #expect(InterfaceName(prefix: "veth", hashing: ["a"])?.text.utf8.count == 15)
        #expect(InterfaceName(prefix: "vhost", hashing: ["a"]) == nil)
        #expect(InterfaceName(prefix: "0123456789abcde", hashing: ["a"]) == nil)
        #expect(InterfaceName(prefix: "a/b", hashing: ["a"]) == nil)
    }

    @Test func `the border between parts counts`() {
        let names = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"]].map {
            InterfaceName(prefix: "tap", hashing: $0)
        }
        #expect(Set(names).count == names.count)
    }

    @Test func `100,000 containers with similar ids get names of their own`() throws {
        var names: Set<InterfaceName> = []
        for number in 0..<50_000 {
            names.insert(try #require(InterfaceName(prefix: "tap", hashing: ["container\(number)", "eth0"])))
            names.insert(try #require(InterfaceName(prefix: "tap", hashing: ["container\(number)", "eth1"])))
        }
        #expect(names.count == 100_000)
    }
}
