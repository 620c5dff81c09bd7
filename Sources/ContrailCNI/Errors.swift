// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import VRouter

/// CNI's codes for what the agent does not give.
extension CNIError {
    init(_ error: AgentError) {
        switch error.cause {
        case .unreachable, .silent, .cut, .notYet: self.init(.tryAgainLater, error.message)
        case .garbled, .unknownRequest, .refused: self.init(.internal, error.message)
        }
    }
}

func agent<Value>(_ body: () throws(AgentError) -> Value) throws(CNIError) -> Value {
    do throws(AgentError) { return try body() } catch { throw CNIError(error) }
}
