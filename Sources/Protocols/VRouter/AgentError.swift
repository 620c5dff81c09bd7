// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// Why the vRouter agent did not give what it was asked for.
public struct AgentError: Error, Hashable, Sendable {
    /// The request, like "GET /vm-cfg/k8s__default__web".
    public let request: String
    /// The agent's address, like "127.0.0.1:9091".
    public let agent: String
    /// What happened.
    public let cause: Cause

    /// What can happen to a request.
    public enum Cause: Hashable, Sendable {
        /// Nobody listens (ECONNREFUSED), or the address can't be reached.
        case unreachable(errno: Int32)
        /// No complete answer before the request's deadline.
        case silent
        /// The connection ended before the answer was complete.
        case cut
        /// The answer is not HTTP, or not the JSON that was expected.
        case garbled(String)
        /// 404 `{ Not Found }`: the agent does not have it yet.
        case notYet
        /// 404 `Unknown Request`: an agent of another version does not know the path.
        case unknownRequest
        /// Any other status, with the agent's own message.
        case refused(status: Int, message: String)
    }

    /// Whether the same request can succeed later.
    public var isTransient: Bool {
        switch cause {
        case .unreachable, .silent, .cut, .garbled, .notYet: true
        // A POST is refused for what is in it: the same again is refused again.
        case .refused(let status, _): status >= 500 && request.hasPrefix("GET ")
        case .unknownRequest: false
        }
    }

    /// Whether the agent itself did not answer sensibly: it may be down or starting.
    public var isAgentDown: Bool {
        switch cause {
        case .unreachable, .silent, .cut, .garbled: true
        case .notYet, .unknownRequest, .refused: false
        }
    }

    /// One line: the agent, the request and what happened.
    public var message: String { "vRouter agent at \(agent), \(request): \(reason)" }

    private var reason: String {
        switch cause {
        case .unreachable(let errno): "cannot connect: \(errorText(errno)); is the agent running?"
        case .silent: "no answer in time"
        case .cut: "the connection ended before the answer was complete"
        case .garbled(let what): "the answer can't be understood: \(what)"
        case .notYet: "not there yet (404 Not Found)"
        case .unknownRequest: "the agent does not know this request (404 Unknown Request)"
        case .refused(let status, let message): "refused with status \(status): \(message)"
        }
    }
}
