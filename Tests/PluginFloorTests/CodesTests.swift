// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CNIProtocol
import LinuxSystem
import PluginFloor
import Testing

@testable import VRouter

@Suite struct CodesTests {
    @Test(arguments: [
        (AgentError.Cause.unreachable(errno: 111), CNIError.Code.tryAgainLater), (.silent, .tryAgainLater),
        (.cut, .tryAgainLater), (.notYet, .tryAgainLater), (.garbled("x"), .internal),
        (.unknownRequest, .internal),
        (.refused(status: 500, message: "x"), .internal),
    ])
    func `what may pass at the agent has code 11, anything else 999`(
        cause: AgentError.Cause,
        code: CNIError.Code
    ) {
        let error = AgentError(request: "POST /vm", agent: "127.0.0.1:9091", cause: cause)
        #expect(CNIError(error) == CNIError(code, error.message))
    }

    @Test(arguments: [(Int32(28), CNIError.Code.io), (13, .io), (110, .tryAgainLater), (16, .tryAgainLater)])
    func `a file that can't be used has code 5, one that is busy 11`(errno: Int32, code: CNIError.Code) {
        let error = SystemError("write", "/run/x", errno: errno)
        #expect(CNIError(error) == CNIError(code, error.message))
    }
}
