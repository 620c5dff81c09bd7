// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The text that the agent puts into an error reply.
struct AgentError: Error, Equatable {
    let text: Bytes

    init(_ text: String, echo: Bytes = []) {
        self.text = Bytes(text) + echo
    }
}

extension AgentJSON {
    func uuid(_ key: String) throws(AgentError) -> AgentUUID {
        guard let text = self[key]?.cString else { throw AgentError("Invalid or missing data for <\(key)>") }
        return AgentUUID(lenient: text)
    }

    func text(_ key: String) throws(AgentError) -> Bytes {
        guard let text = self[key]?.cString else { throw AgentError("Invalid or missing field for <\(key)>") }
        return text
    }

    func number(_ key: String) throws(AgentError) -> Int32 {
        guard let number = self[key]?.integer else {
            throw AgentError("Invalid or missing field for <\(key)>")
        }
        return number
    }
}
