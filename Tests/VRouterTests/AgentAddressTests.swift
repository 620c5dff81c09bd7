// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@testable import VRouter

@Suite struct AgentAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9091", "127.0.0.1:9091"), ("[::1]:9091", "[::1]:9091"), ("[FD00::0]:1", "[fd00::]:1"),
    ])
    func `an IP literal with a port is read`(text: String, canonical: String) {
        #expect(AgentAddress(text)?.text == canonical)
    }

    @Test(arguments: [
        "", ":", "127.0.0.1", "127.0.0.1:", ":9091", "localhost:9091", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 1", "127.0.0.1:0", "::1:9091", "[127.0.0.1]:9091", "[::1", "[::1]9091", "[]:1", "[::1]:x",
    ])
    func `anything else is refused`(text: String) {
        #expect(AgentAddress(text) == nil)
    }
}
