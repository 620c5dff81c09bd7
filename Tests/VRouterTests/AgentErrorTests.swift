// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouter

@Suite struct AgentErrorTests {
    private func error(_ cause: AgentError.Cause) -> AgentError {
        AgentError(request: "GET /vm-cfg/a", agent: "127.0.0.1:9091", cause: cause)
    }

    @Test(arguments: [
        (AgentError.Cause.unreachable(errno: 111), true, true), (.silent, true, true), (.cut, true, true),
        (.garbled("x"), true, true), (.notYet, true, false), (.unknownRequest, false, false),
        (.refused(status: 500, message: "x"), true, false),
        (.refused(status: 400, message: "x"), false, false),
    ])
    func `it is known what may pass and what means that the agent is down`(
        cause: AgentError.Cause,
        isTransient: Bool,
        isAgentDown: Bool
    ) {
        #expect(error(cause).isTransient == isTransient)
        #expect(error(cause).isAgentDown == isAgentDown)
    }

    @Test(arguments: [
        (
            AgentError.Cause.unreachable(errno: 111),
            "cannot connect: Connection refused; is the agent running?"
        ),
        (.silent, "no answer in time"), (.cut, "the connection ended before the answer was complete"),
        (.garbled("x"), "the answer can't be understood: x"), (.notYet, "not there yet (404 Not Found)"),
        (.unknownRequest, "the agent does not know this request (404 Unknown Request)"),
        (.refused(status: 500, message: "{ Invalid MAC }"), "refused with status 500: { Invalid MAC }"),
    ])
    func `the message names agent, request and what happened`(cause: AgentError.Cause, reason: String) {
        #expect(error(cause).message == "vRouter agent at 127.0.0.1:9091, GET /vm-cfg/a: \(reason)")
    }
}
