// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension AgentClient {
    /// Whether the agent has a control node: asked of its introspect server, which is at a port of its own
    /// (8085 by default) and answers XML.
    ///
    /// This client must have been made for that port.
    public func hasControlConnection() throws(AgentError) -> Bool {
        let body = try get("/Snh_AgentXmppConnectionStatusReq")
        return Self.hasEstablished(body)
    }

    /// Whether any `<state ...>` element says Established.
    static func hasEstablished(_ xml: [UInt8]) -> Bool {
        let (element, word) = (Array("<state".utf8), Array("Established</state>".utf8))
        var rest = xml[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[start...]
            if rest.starts(with: element), let end = rest.firstIndex(of: UInt8(ascii: ">")),
                rest[rest.index(after: end)...].starts(with: word)
            {
                return true
            }
            rest = rest.dropFirst()
        }
        return false
    }
}
