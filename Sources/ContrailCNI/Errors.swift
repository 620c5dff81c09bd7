// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CNIProtocol
import LinuxSystem
import PreparedInterface
import VRouter

/// The one place where errors of the rooms below get their CNI codes.
extension CNIError {
    init(_ error: AgentError) {
        switch error.cause {
        case .unreachable, .silent, .cut, .notYet: self.init(.tryAgainLater, error.message)
        case .garbled, .unknownRequest, .refused: self.init(.internal, error.message)
        }
    }

    init(_ error: AttachmentError) { self.init(.internal, error.message) }

    init(_ error: SystemError) { self.init(.io, error.message) }
}

func agent<Value>(_ body: () throws(AgentError) -> Value) throws(CNIError) -> Value {
    do throws(AgentError) { return try body() } catch { throw CNIError(error) }
}

func attaching<Value>(_ body: () throws(AttachmentError) -> Value) throws(CNIError) -> Value {
    do throws(AttachmentError) { return try body() } catch { throw CNIError(error) }
}

func files<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(CNIError) -> Value {
    do throws(SystemError) { return try body() } catch { throw CNIError(error) }
}
