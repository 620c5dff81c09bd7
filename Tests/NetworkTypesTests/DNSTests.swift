// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct DNSTests {
    @Test func `a resolver configuration is empty only without servers, domains and options`() throws {
        #expect(DNS().isEmpty)
        #expect(!DNS(servers: [try #require(IPAddress("10.0.0.1"))]).isEmpty)
        #expect(!DNS(search: ["example.org"]).isEmpty)
        #expect(!DNS(options: ["ndots:5"]).isEmpty)
    }
}
