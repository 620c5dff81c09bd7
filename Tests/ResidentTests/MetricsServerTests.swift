// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Resident
import Testing

@Suite struct MetricsServerTests {
    @Test func `labels are escaped`() {
        var writer = MetricsWriter()
        writer.sample("m", [("a", "x\\y\"z\nw"), ("b", "é")], -1)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"m{a="x\\y\"z\nw",b="é"} -1"# + "\n")
    }

    private func reply(_ request: String) -> String {
        String(
            decoding: MetricsServer.reply(to: Array(request.utf8)) { Array("body\n".utf8) },
            as: UTF8.self
        )
    }

    @Test func `two paths are served and all else is 404`() {
        #expect(
            reply("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbody\n"
        )
        #expect(reply("GET /metrics?name[]=x HTTP/1.0\n\n").hasSuffix("\r\n\r\nbody\n"))
        #expect(reply("GET /healthz HTTP/1.1\r\n\r\n").hasSuffix("\r\n\r\nok\n"))
        for request in [
            "GET / HTTP/1.1", "GET /metricsx HTTP/1.1", "POST /metrics HTTP/1.1", "HEAD /metrics HTTP/1.1",
            "get /metrics HTTP/1.1", "GET /metrics", "GET  /metrics HTTP/1.1", "", "\0\u{1}",
            "GET /metrics SPDY/3",
        ] { #expect(reply("\(request)\r\n\r\n").hasPrefix("HTTP/1.1 404 Not Found\r\n"), "\(request)") }
    }

    @Test func `a request is whole at the empty line, not before`() {
        let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        for count in 0..<request.count { #expect(!MetricsServer.isWhole(Array(request[..<count]))) }
        #expect(MetricsServer.isWhole(request))
        #expect(MetricsServer.isWhole(Array("GET /\n\n".utf8)))
    }
}
