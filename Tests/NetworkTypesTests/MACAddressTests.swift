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
}
