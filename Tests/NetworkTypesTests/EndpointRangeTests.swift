// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct EndpointRangeTests {
    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:8080", "127.0.0.0/8", "127.0.0.0/8:80", "::1", "[::1]:8080", "fe80::/10",
        "[fe80::/10]:80",
    ])
    func `its text is what it was read from`(text: String) throws {
        #expect(try #require(EndpointRange(text)).text == text)
    }

    @Test(arguments: [
        "", ":80", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0", "host",
        "host:80",
        "[127.0.0.1]:80", "[::1]", "[::1]:", "::1/129", "127.0.0.1/33", "[]:80", " 127.0.0.1",
    ])
    func `anything else is refused`(text: String) { #expect(EndpointRange(text) == nil) }

    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1", 1, true), ("127.0.0.1", "127.0.0.2", 1, false),
            ("127.0.0.0/8:80", "127.1.2.3", 80, true), ("127.0.0.0/8:80", "127.1.2.3", 81, false),
            ("[::1]:80", "::1", 80, true), ("::1", "::2", 80, false),
        ] as [(String, String, UInt16, Bool)]
    )
    func `it contains its addresses at its port`(
        range: String,
        address: String,
        port: UInt16,
        isIn: Bool
    ) throws {
        let (range, address) = (try #require(EndpointRange(range)), try #require(IPAddress(address)))
        #expect(range.contains(address, port: port) == isIn)
    }
}
