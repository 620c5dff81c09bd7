// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouter

@Suite struct HTTPResponseTests {
    private func parse(_ text: String) -> HTTPResponse.Progress { HTTPResponse.parse(Array(text.utf8)) }

    private func complete(_ text: String) -> HTTPResponse? {
        guard case .complete(let response) = parse(text) else { return nil }
        return response
    }

    private func isIncomplete(_ text: String) -> Bool {
        if case .incomplete = parse(text) { return true }
        return false
    }

    private func garbled(_ text: String) -> String? {
        guard case .garbled(let what) = parse(text) else { return nil }
        return what
    }

    /// The agent's own bytes: the reason is OK whatever the status.
    private let notFound =
        "HTTP/1.1 404 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: 25\r\n\r\n"
        + #"{"error":"{ Not Found }"}"#

    private let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n"
        + "1a;x=\"y\"\r\nabcdefghijklmnopqrstuvwxyz\r\n"  // hexadecimal, with an extension
        + "0\r\n\r\n"

    @Test func `the agent's answer is read`() {
        #expect(
            complete(notFound)
                == HTTPResponse(status: 404, body: Array(#"{"error":"{ Not Found }"}"#.utf8), isLast: false)
        )
    }

    @Test func `an answer without a body is read`() {
        #expect(
            complete("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                == HTTPResponse(status: 200, body: [], isLast: false)
        )
    }

    @Test func `chunks are joined`() {
        #expect(
            complete(chunked)
                == HTTPResponse(
                    status: 200,
                    body: Array("helloabcdefghijklmnopqrstuvwxyz".utf8),
                    isLast: false
                )
        )
    }

    @Test func `an answer cut at any byte is incomplete`() {
        for whole in [notFound, chunked] {
            for length in 0..<whole.utf8.count {
                #expect(
                    isIncomplete(String(decoding: Array(whole.utf8)[..<length], as: UTF8.self)),
                    "\(length)"
                )
            }
        }
    }

    @Test(arguments: ["content-length:2", "CONTENT-LENGTH: \t2 \t", "Content-Length:   2"])
    func `names and blanks of headers are read as the standard has them`(header: String) {
        #expect(complete("HTTP/1.1 200 OK\r\nX:\r\n\(header)\r\n\r\n{}")?.body == Array("{}".utf8))
    }

    @Test func `surplus bytes end the connection's use`() {
        let response = complete("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{}")
        #expect(response == HTTPResponse(status: 200, body: Array("{}".utf8), isLast: true))
        #expect(complete(chunked + "x")?.isLast == true)
        // Trailers are not read: what comes of them later would look like the next answer.
        let trailers = complete("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n")
        #expect(trailers?.isLast == true)
    }

    @Test func `Connection: close ends the connection's use`() {
        #expect(complete("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n")?.isLast == true)
        #expect(
            complete("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")?.isLast
                == false
        )
    }

    @Test(arguments: [
        "x", "{}", "\r\n", "HTTP/2", "HTTP/2 200\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n", "\u{16}\u{3}",
        " HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 200\r\n", "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 2 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1x200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1200 OK\r\nContent-Length: 0\r\n\r\n",
    ])
    func `what is no HTTP/1.1 is garbled`(text: String) {
        // A status line that is right so far may still become one.
        if text == "HTTP/1.1 200\r\n" {
            #expect(isIncomplete(text))
        } else {
            #expect(garbled(text) == "it is not HTTP/1.1")
        }
    }

    @Test func `a status without a reason is read`() {
        #expect(complete("HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n")?.status == 204)
        #expect(complete("HTTP/1.0 204 \r\nContent-Length: 0\r\n\r\n")?.status == 204)
    }

    @Test(arguments: ["", "-1", "+5", "5 5", "0x5", "5,5", "x", "1048577", "99999999999999999999", "\u{665}"])
    func `a length that is no number up to the limit is garbled`(length: String) {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\nhello"
        #expect(garbled(text) == "Content-Length is not a number up to 1048576")
    }

    @Test(arguments: ["", "-1", "-0", "+5", "g", " 5", "123456789", "100001", "5x"])
    func `a chunk's size that is no number up to the limit is garbled`(size: String) {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\nhello\r\n0\r\n\r\n"
        #expect(garbled(text) == "a chunk's size is not a number up to 1048576")
    }

    @Test(arguments: ["0\r\n\rX", "0\r\nX\n", "0\r\n\n\n"])
    func `a last chunk with anything but an empty line behind it ends the connection`(end: String) {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(complete(head + end)?.isLast == true)
        #expect(complete(head + "0\r\n\r\n")?.isLast == false)
    }

    @Test(arguments: ["0\r\r\n", "0\rx\n", "0 x\r\n", "0\t\r\n"])
    func `a chunk's size with anything but blanks or an extension behind it is garbled`(line: String) {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(garbled(head + line + "\r\n") == "a chunk's size is not a number up to 1048576")
        #expect(complete(head + "0 ;x\r\n\r\n")?.body.isEmpty == true)
    }

    @Test func `a chunk that does not end where its size says is garbled`() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(garbled(head + "4\r\nhello\r\n0\r\n\r\n") == "a chunk is longer than its size")
    }

    @Test func `without a length there is no answer`() {
        #expect(garbled("HTTP/1.1 200 OK\r\n\r\n") == "there is no Content-Length")
        #expect(garbled("HTTP/1.1 200 OK\r\nX: y\r\n\r\n{}") == "there is no Content-Length")
    }

    @Test func `a header line without a colon is garbled`() {
        #expect(garbled("HTTP/1.1 200 OK\r\nContent-Length 5\r\n\r\n") == "a header without ':'")
    }

    @Test func `a header over the limit is garbled, whether it ends or not`() {
        let start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
        let room = HTTPResponse.mostHeaderBytes - start.utf8.count - 4
        #expect(complete(start + String(repeating: "x", count: room) + "\r\n\r\n")?.status == 200)
        #expect(isIncomplete(start + String(repeating: "x", count: room)))
        let long = start + String(repeating: "x", count: room + 5)
        #expect(garbled(long) == "the header is longer than 16384 bytes")
        #expect(garbled(long + "\r\n\r\n") == "the header is longer than 16384 bytes")
    }

    @Test func `an answer that never ends is garbled at last`() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let endless = head + "5;" + String(repeating: "x", count: HTTPResponse.mostBytes)
        #expect(garbled(endless) == "it is longer than \(HTTPResponse.mostBytes) bytes")
    }

    @Test func `changed bytes never crash it`() {
        // Numerical Recipes' generator: the same bytes in every run.
        var state: UInt32 = 1
        func random(below limit: Int) -> Int {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int(state >> 8) % limit
        }
        for whole in [Array(notFound.utf8), Array(chunked.utf8)] {
            for _ in 0..<2000 {
                var bytes = whole
                for _ in 0..<3 { bytes[random(below: bytes.count)] = UInt8(random(below: 256)) }
                if case .complete(let response) = HTTPResponse.parse(bytes) {
                    #expect(response.body.count <= bytes.count)
                }
            }
        }
    }
}
