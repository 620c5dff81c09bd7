// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A reply of the agent: the reason phrase is always OK, and there are exactly two headers.
struct HTTPReply: Equatable, Sendable {
    var code: Int
    var body: Bytes

    init(code: Int = 200, body: Bytes) {
        self.code = code
        self.body = body
    }

    static let empty = HTTPReply(body: Bytes("{}"))
    static let notFound = HTTPReply(error: Bytes("{ Not Found }"), code: 404)
    static let unknownRequest = HTTPReply(error: Bytes("Unknown Request"), code: 404)
    static let unsupported = HTTPReply(error: Bytes("{ Operation Not Supported }"))

    /// An error: compact JSON, its text cut at a NUL.
    init(error: Bytes, code: Int = 500) {
        var body = Bytes("{\"error\":")
        AgentJSONWriter.quote(error.beforeNUL, into: &body)
        body += Bytes("}")
        self.init(code: code, body: body)
    }

    var bytes: Bytes {
        let head = """
            HTTP/1.1 \(code) OK\r
            Content-Type: application/json; charset=UTF-8\r
            Content-Length: \(body.count)\r
            \r

            """
        var result = Bytes(head)
        result += body
        return result
    }
}
