// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct MACAddressTests {
    @Test(arguments: ["02:7c:1e:0b:52:3a", "00:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"])
    func `the canonical text is read and written alike`(text: String) {
        #expect(MACAddress(text)?.text == text)
    }

    @Test func `the bytes stand in the order of the text`() throws {
        let mac = try #require(MACAddress("02:7C:1e:0B:52:3a"))
        #expect(mac.bytes == [0x02, 0x7C, 0x1E, 0x0B, 0x52, 0x3A])
        #expect(mac.value == 0x027C_1E0B_523A)
        #expect(mac.text == "02:7c:1e:0b:52:3a")
    }

    @Test func `bits above the lowest 48 are dropped`() {
        #expect(MACAddress(value: 0xABCD_027C_1E0B_523A) == MACAddress("02:7c:1e:0b:52:3a"))
    }

    /// The agent itself accepts most of these and keeps them as they are.
    @Test(arguments: [
        "", "02", "02:7c:1e:0b:52", "02:7c:1e:0b:52:3a:00", "2:7c:1e:0b:52:3a", "02:7c:1e:0b:52:3",
        " 02:7c:1e:0b:52:3a",
        "02:7c:1e:0b:52:3a ", "02-7c-1e-0b-52-3a", "027c.1e0b.523a", "027c1e0b523a", "02:7c:1e:0b:52:3g",
        "0x:7c:1e:0b:52:3a", "-2:7c:1e:0b:52:3a", "02:7c:1e:0b:52:3\u{e4}", "02:7c:1e:0b:52:\u{ff13}a",
        "02:7c:1e:0b::3a0",
        "02:7c:1e:0b:52:3a\0", ":::::::::::::::::",
    ])
    func `any other form is refused`(text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test(arguments: [
        ("02:7c:1e:0b:52:3a", true), ("00:00:00:00:00:01", true), ("fe:ff:ff:ff:ff:ff", true),
        ("00:00:00:00:00:00", false), ("ff:ff:ff:ff:ff:ff", false), ("01:00:5e:00:00:01", false),
        ("33:33:00:00:00:01", false),
    ])
    func `zero, broadcast and multicast are no unicast`(text: String, isUnicast: Bool) throws {
        #expect(try #require(MACAddress(text)).isUnicast == isUnicast)
    }

    /// The forms of Go's net.ParseMAC, from its documentation.
    @Test(arguments: [
        ("00:00:5e:00:53:01", 6), ("02:00:5E:10:00:00:00:01", 8),
        ("00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01", 20), ("00-00-5e-00-53-01", 6),
        ("02-00-5e-10-00-00-00-01", 8), ("00-00-00-00-fe-80-00-00-00-00-00-00-02-00-5e-10-00-00-00-01", 20),
        ("0000.5e00.5301", 6), ("0200.5e10.0000.0001", 8),
        ("0000.0000.fe80.0000.0000.0000.0200.5e10.0000.0001", 20),
    ])
    func `hardware addresses are read in any form that Go takes`(text: String, count: Int) {
        #expect(MACAddress.hardwareAddress(text)?.count == count)
        #expect((MACAddress(inAnyForm: text) != nil) == (count == 6))
        if count == 6 { #expect(MACAddress(inAnyForm: text)?.text == "00:00:5e:00:53:01") }
    }

    @Test(arguments: [
        "", "00:00:5e:00:53", "00:00:5e:00:53:01:", "00:00:5e-00:53:01", "00:00:5e:00:53:0g", "00005e005301",
        "0000.5e00", "0000.5e00-5301", "0000:5e00:5301", "00:00:5e:00:53:01:02", ":::::::::::::::::",
        "00.00.5e.00.53.01",
    ])
    func `what is in none of Go's forms is no hardware address`(text: String) {
        #expect(MACAddress.hardwareAddress(text) == nil)
    }
}
