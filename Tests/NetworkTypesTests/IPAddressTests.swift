// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct IPAddressTests {
    /// Text that is read, and the text that is written for it: RFC 4291 section 2.2, RFC 5952 sections 1 to 5.
    @Test(arguments: [
        // RFC 4291 2.2: full form, compressed forms, mixed forms
        ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"), ("0:0:0:0:0:0:0:1", "::1"), ("0:0:0:0:0:0:0:0", "::"),
        ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"), ("::13.1.68.3", "::d01:4403"),
        ("0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"),
        ("::FFFF:129.144.52.38", "::ffff:129.144.52.38"),
        // RFC 5952 4.1: leading zeros
        ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0000:0000:0000:0000:0000:000a", "2001:db8::a"),
        // RFC 5952 4.2.1: shortened as much as possible
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:db8::0:1", "2001:db8::1"),
        // RFC 5952 4.2.2: a single zero group is not shortened
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        // RFC 5952 4.2.3: the longest run, of equal ones the first
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("0:0:1:0:0:0:1:0", "0:0:1::1:0"), ("0:0:1:1:1:0:0:0", "0:0:1:1:1::"), ("1:0:0:0:0:0:0:0", "1::"),
        // RFC 5952 4.3: lower case
        ("2001:DB8::AaAa", "2001:db8::aaaa"),
        // gaps at either end, longest mixed form
        ("::", "::"), ("fe80::", "fe80::"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"), ("::ffff:0:1.2.3.4", "::ffff:0:102:304"),
        // IPv4
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.47.255.249", "10.47.255.249"),
    ])
    func `text is read and written as RFC 5952 says`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.text == canonical)
        #expect(IPAddress(canonical) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test func `bytes stand in network order`() throws {
        #expect(IPAddress("10.47.255.249")?.bytes == [10, 47, 255, 249])
        let address = try #require(IPAddress("2001:db8::8:800:200c:417a"))
        #expect(
            address.bytes == [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0x08, 0x08, 0, 0x20, 0x0C, 0x41, 0x7A]
        )
        #expect(address.family == .v6)
        #expect(IPAddress("1.2.3.4")?.family == .v4)
    }

    @Test(arguments: [
        // IPv4
        "", " ", ".", "1", "1.2", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1",
        "1.2.3.256",
        "01.2.3.4", "1.2.3.04", "00.0.0.0", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "0x1.2.3.4",
        "1.2.3.4\0",
        "1.2.3.4/24", "99999999999999999999.1.1.1", "\u{661}.2.3.4", "None",
        // IPv6
        ":", ":::", "::::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", ":2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1::2::3", "::1::",
        "1:::2",
        "12345::", "::12345", "g::", "::1%lo", "fe80::1%eth0", "::1/64", "[::1]", "::1 ", " ::1", "::-1",
        "::0x1", "::1\0",
        // mixed
        "::1.2.3", "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "::1.2.3.4:5", "1.2.3.4::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:6::1.2.3.4", "::.1.2.3", "::1.2.3.a", "1:2:3:4:5:1.2.3.4", "::abcd.2.3.4",
    ])
    func `anything else is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `long texts are refused`() {
        for text in ["1", ":", "1:", "::1", "0.", "1.2.3.4"] {
            #expect(IPAddress(String(repeating: text, count: 20_000)) == nil)
        }
    }

    @Test func `only 4 and 16 bytes are an address`() {
        for count in 0..<20 {
            #expect(
                (IPAddress(bytes: [UInt8](repeating: 1, count: count)) != nil) == (count == 4 || count == 16)
            )
        }
    }

    /// Every shape of zero groups, written and read again.
    @Test func `every pattern of zero groups survives`() throws {
        for pattern in 0..<256 {
            let bytes: [UInt8] = (0..<8).flatMap { [0, pattern >> $0 & 1 == 1 ? 0x0A : 0] as [UInt8] }
            let address = try #require(IPAddress(bytes: bytes))
            #expect(IPAddress(address.text) == address, "\(address.text)")
        }
    }

    @Test(arguments: [
        ("0.0.0.0", true, false), ("::", true, false), ("0.0.0.1", false, false), ("::1", false, false),
        ("169.254.0.1", false, true), ("169.255.0.1", false, false), ("168.254.0.1", false, false),
        ("fe80::1", false, true), ("febf:ffff::1", false, true), ("fec0::1", false, false),
        ("fd00::1", false, false),
    ])
    func `unspecified and link-local addresses are known`(
        text: String,
        isUnspecified: Bool,
        isLinkLocal: Bool
    ) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isUnspecified == isUnspecified)
        #expect(address.isLinkLocal == isLinkLocal)
    }
}
