// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import LinuxSystem
public import NetworkTypes

/// The vRouter agent's port API.
///
/// The one place that knows its quirks.
///
/// One connection, strictly one request after another. A 200 means only that a request was accepted: what
/// counts is what a GET tells afterwards.
public final class AgentClient {
    private let address: AgentAddress
    private let transport: SocketTransport
    /// The longest that one request takes, in microseconds.
    private let requestLimit: Int64
    /// When everything must be done, in monotonic microseconds.
    private let deadline: Int64

    /// A client for one run.
    ///
    /// `requestLimit`: microseconds for one request. `deadline`: monotonic microseconds at which the whole
    /// run ends.
    public init(_ address: AgentAddress, requestLimit: Int64, deadline: Int64) {
        self.address = address
        transport = SocketTransport(address)
        self.requestLimit = requestLimit
        self.deadline = deadline
    }

    /// `GET /vm-cfg/NAME`: what the configuration assigns to a pod, once.
    ///
    /// `name`: the VM's name, or for agents before 2020 its UUID.
    public func assignments(of name: String) throws(AgentError) -> [PortAssignment] {
        let request = "GET /vm-cfg/\(name)"
        return try read(request, try exchange(request)) { body throws(JSONError) in
            try PortAssignment.list(body)
        }
    }

    /// `POST /vm`: registers an interface.
    ///
    /// Repeating it changes nothing.
    public func register(_ registration: PortRegistration) throws(AgentError) {
        try register(file: registration.json.serialized())
    }

    /// `POST /vm` with the content of an agent-format file.
    public func register(file: [UInt8]) throws(AgentError) { _ = try exchange("POST /vm", body: file) }

    /// `POST /port`: registers a vhost-user interface.
    ///
    /// Repeating it changes nothing.
    public func register(_ registration: VhostUserRegistration) throws(AgentError) {
        _ = try exchange("POST /port", body: registration.json.serialized())
    }

    /// `GET /port/VMI`: one plugged port, of either table.
    public func state(port vmi: UUID) throws(AgentError) -> PortState {
        try state("GET /port/\(vmi.text)", vmi)
    }

    /// `DELETE /port/VMI`.
    ///
    /// Answers 200 whether there was one or not.
    public func remove(port vmi: UUID) throws(AgentError) { _ = try exchange("DELETE /port/\(vmi.text)") }

    /// `GET /vm/VM/VMI`: one plugged port.
    public func state(vm: UUID, vmi: UUID) throws(AgentError) -> PortState {
        try state("GET /vm/\(vm.text)/\(vmi.text)", vmi)
    }

    private func state(_ request: String, _ vmi: UUID) throws(AgentError) -> PortState {
        let states = try read(request, try exchange(request)) { body throws(JSONError) in
            try PortState.list(body)
        }
        guard let state = states.first(where: { $0.vmi == vmi }) else {
            throw failure(request, .garbled("the port is not in it"))
        }
        return state
    }

    /// `GET /vm/VM`: all ports of a pod.
    public func states(vm: UUID) throws(AgentError) -> [PortState] {
        let request = "GET /vm/\(vm.text)"
        return try read(request, try exchange(request)) { body throws(JSONError) in try PortState.list(body) }
    }

    /// `DELETE /vm/VM`: takes all of a pod's ports.
    ///
    /// Answers 200 whether there were any or not.
    public func remove(vm: UUID) throws(AgentError) { _ = try exchange("DELETE /vm/\(vm.text)") }

    /// Repeats a request until it gives something or the run's deadline is reached: after 50 ms first,
    /// then ever later up to a second.
    ///
    /// `attempt`: returns nil where the answer is not enough yet.
    ///
    /// - Throws: The last error that says most.
    public func poll<Value>(
        _ what: String,
        _ attempt: (AgentClient) throws(AgentError) -> Value?
    ) throws(AgentError) -> Value {
        var pause: Int64 = 50_000
        var said: AgentError?
        while true {
            var last = failure(what, .notYet)
            do throws(AgentError) {
                if let value = try attempt(self) { return value }
            } catch {
                guard error.isTransient else { throw error }
                // A request that the run's own deadline cut short: what came before says more.
                let isCutShort = error.cause == .silent && monotonicMicroseconds() >= deadline
                last = isCutShort ? said ?? error : error
            }
            said = last
            guard monotonicMicroseconds() + pause < deadline else { throw last }
            pauseFor(pause)
            pause = min(pause * 3 / 2, 1_000_000)
        }
    }

    /// Any GET: the body of a success.
    func get(_ path: String) throws(AgentError) -> [UInt8] { try exchange("GET \(path)").body }

    private func exchange(_ request: String, body: [UInt8] = []) throws(AgentError) -> HTTPResponse {
        var message = "\(request) HTTP/1.1\r\nHost: \(address.text)\r\n"
        if !body.isEmpty { message += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        message += "\r\n"
        let limit = min(monotonicMicroseconds() + requestLimit, deadline)
        let response: HTTPResponse
        do throws(TransportFailure) {
            response = try transport.exchange(Array(message.utf8) + body, deadline: limit)
        } catch {
            switch error {
            case .unreachable(let errno): throw failure(request, .unreachable(errno: errno))
            case .silent: throw failure(request, .silent)
            case .cut: throw failure(request, .cut)
            case .garbled(let what): throw failure(request, .garbled(what))
            }
        }
        guard (200...201).contains(response.status) else { throw failure(request, refusal(response)) }
        return response
    }

    /// The cause behind an error status.
    ///
    /// The agent's body is `{"error":"..."}` with odd braces in the text.
    private func refusal(_ response: HTTPResponse) -> AgentError.Cause {
        let text = errorText(response.body)
        if response.status == 404 { return text == "Unknown Request" ? .unknownRequest : .notYet }
        return .refused(status: response.status, message: text)
    }

    private func errorText(_ body: [UInt8]) -> String {
        do throws(JSONError) {
            if let text = try JSONValue(parsing: body).object?["error"]?.string { return text }
        } catch {
            // Some error bodies of the agent are no JSON: they are shown as they are.
        }
        return String(decoding: body.prefix(200), as: UTF8.self)
    }

    private func read<Value>(
        _ request: String,
        _ response: HTTPResponse,
        _ parse: ([UInt8]) throws(JSONError) -> Value
    ) throws(AgentError) -> Value {
        do throws(JSONError) {
            return try parse(response.body)
        } catch {
            throw failure(request, .garbled(error.message))
        }
    }

    private func failure(_ request: String, _ cause: AgentError.Cause) -> AgentError {
        AgentError(request: request, agent: address.text, cause: cause)
    }
}
