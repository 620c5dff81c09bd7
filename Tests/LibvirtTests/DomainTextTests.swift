// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Libvirt

@Suite struct DomainTextTests {
    private let text = """
        <domain type='qemu' id='1'><devices>
            <serial type='pty'>
              <source path='/dev/pts/7'/>
              <log file='/x' append='on'/>
            </serial>
        </devices></domain>
        """

    @Test func `the console's terminal is found`() {
        #expect(DomainText(text).consoleTerminal == "/dev/pts/7")
        #expect(DomainText("<domain/>").consoleTerminal == nil)
    }

    @Test func `the owner's mark is found in either kind of quotes`() {
        #expect(DomainText(#"<machine owner="vmctl" name="a"/>"#).owner == "vmctl")
        #expect(DomainText("<machine owner='vmctl'/>").owner == "vmctl")
        #expect(DomainText(#"<machine owner="vmctl" name="a"/>"#).name == "a")
        #expect(DomainText(#"<machine xowner="vmctl"/>"#).owner == nil)
        #expect(DomainText("<machine/>").owner == nil)
        #expect(DomainText("<machine owner='open").owner == nil)
    }
}
