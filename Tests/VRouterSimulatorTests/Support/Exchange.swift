// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// Bytes sent on a new connection, and the reply that they must have; none for no byte at all.
struct Exchange: CustomTestStringConvertible {
    let name: String
    let sent: Bytes
    let reply: Reply?

    var testDescription: String { name }

    init(_ name: String, bytes: Bytes, _ reply: Reply?) {
        self.name = name
        sent = bytes
        self.reply = reply
    }

    init(_ name: String, _ text: String, _ reply: Reply?) {
        self.init(name, bytes: Bytes(text), reply)
    }

    /// A plain request with a body.
    init(_ method: String, _ path: String, _ body: Bytes = [], _ reply: Reply?) {
        let shown = body.count < 60 ? body.text : "(\(body.count) bytes)"
        self.init("\(method) \(path) \(shown)", bytes: Connection.bytes(method, path, body), reply)
    }

    init(_ method: String, _ path: String, _ body: String, _ reply: Reply?) {
        self.init(method, path, Bytes(body), reply)
    }

    /// Sends the bytes, and compares what comes.
    func check(_ standIn: StandIn) throws {
        let connection = try Connection(port: standIn.port)
        let received = try connection.exchange(sent, milliseconds: reply == nil ? 300 : 5000)
        #expect(received == reply)
    }
}
