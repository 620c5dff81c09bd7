// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import TestSupport
import Testing

@Suite struct HostTests {
    @Test func `the boot id is the kernel's, without its newline`() throws {
        let text = try #require(TestFile.read("/proc/sys/kernel/random/boot_id"))
        #expect(text == (try Host.bootID()) + "\n")
        #expect(try Host.bootID().utf8.count == 36)
    }
}
