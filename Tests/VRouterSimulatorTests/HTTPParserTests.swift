// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

@Suite struct HTTPParserTests {
    private let text = Bytes(
        "POST /vm?x=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )

    @Test("A request is complete with its last byte, wherever it is cut")
    func cuts() {
        for cut in text.indices.dropFirst() {
            var parser = HTTPParser()
            #expect(parser.read(text[..<cut]) == nil)
            #expect(parser.read(text[cut...])?.body == Bytes("abc"))
        }
        var parser = HTTPParser()
        for byte in text.dropLast() { #expect(parser.read([byte][...]) == nil) }
        let request = parser.read(text.suffix(1))
        #expect(request?.method == "POST" && request?.path == Bytes("/vm"))
    }

    @Test("A byte that is changed anywhere does no harm")
    func changed() {
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var other = text
                other[index] = byte
                var parser = HTTPParser()
                _ = parser.read(other[...])
            }
        }
    }

    @Test(
        "Paths of targets",
        arguments: [
            ("/a", "/a"), ("/a?b", "/a"), ("/a#b?c", "/a"), ("http://h:1/a?b", "/a"), ("http://h", ""),
            ("*", "*"),
            ("//a", "//a"), ("/%61", "/%61"),
        ]
    )
    func paths(_ target: String, _ path: String) {
        #expect(HTTPRequest(method: "GET", target: Bytes(target)).path == Bytes(path))
    }
}
