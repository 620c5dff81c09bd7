// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// A reply as it came, every byte of it.
struct Reply: Equatable, CustomTestStringConvertible {
    let head: String
    let body: Bytes
    let isWhole: Bool

    init?(_ bytes: Bytes) {
        guard let range = bytes.firstRange(of: Bytes("\r\n\r\n")) else { return nil }
        head = Bytes(bytes[..<range.lowerBound]).text
        body = Bytes(bytes[range.upperBound...])
        let length = head.split(separator: "Content-Length: ").last.flatMap { Int($0) }
        isWhole = length.map { [body] in body.count >= $0 } ?? false
    }

    /// What the agent sends around a body: a status line that always says OK, and two headers.
    init(_ code: Int, _ body: Bytes) {
        head =
            "HTTP/1.1 \(code) OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: \(body.count)"
        self.body = body
        isWhole = true
    }

    static let ok = Reply(200, Bytes("{}"))
    static let notFound = Reply.error("{ Not Found }", 404)
    static let unknown = Reply.error("Unknown Request", 404)

    /// An error whose text is given as it stands in the JSON.
    static func error(_ text: String, _ code: Int = 500) -> Reply {
        Reply(code, Bytes("{\"error\":\"\(text)\"}"))
    }

    static func data(_ field: String) -> Reply { .error("{ Invalid or missing data for <\(field)> }") }
    static func field(_ field: String) -> Reply { .error("{ Invalid or missing field for <\(field)> }") }
    /// The body is echoed; quotes are the only thing that these bodies have to escape.
    static func invalid(_ body: String) -> Reply { .error("{ Invalid Json string ==> \(escaped(body)) }") }
    static func unexpected(_ body: String) -> Reply {
        .error("{ Unexpected Json string ==> \(escaped(body)) }")
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    }

    var testDescription: String { "\(head)\n\n\(body.text)" }
}
