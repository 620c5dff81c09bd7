// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct PCIAddressTests {
    @Test(arguments: [
        ("0000:01:10.2", "0000:01:10.2"), ("0000:00:00.0", "0000:00:00.0"), ("FFFF:Ab:1F.7", "ffff:ab:1f.7"),
    ])
    func `the full form is read, and written in lower case`(text: String, canonical: String) {
        #expect(PCIAddress(text)?.text == canonical)
    }

    @Test(arguments: [
        "", "01:10.2", "0000:01:10", "0000:01:10.8", "0000:01:10.a", "0000:01:10.22", "0000:01.10:2",
        "0000-01-10.2",
        "00000:01:10.2", "000g:01:10.2", "0000:01:10.2\n", " 000:01:10.2", "../../x:10.2",
    ])
    func `any other form is refused`(text: String) {
        #expect(PCIAddress(text) == nil)
    }
}
