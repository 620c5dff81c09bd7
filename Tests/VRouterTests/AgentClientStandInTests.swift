// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import NetworkTypes
import TestSupport
import Testing

@testable import VRouter

/// The client against a server on a loopback socket, which says right and wrong things.
@Suite struct AgentClientStandInTests {
    private let vm = UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11")
    private let vmi = UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002")

    /// A client, by default with half a second for a request and ten seconds for all.
    private func client(
        _ port: UInt16,
        requestLimit: Int64 = 500_000,
        limit: Int64 = 10_000_000
    ) throws -> AgentClient {
        AgentClient(
            try #require(AgentAddress("127.0.0.1:\(port)")),
            requestLimit: requestLimit,
            deadline: monotonicMicroseconds() + limit
        )
    }

    /// What becomes of one request where the server does this about every request.
    private func cause(_ reply: ScriptedServer.Reply) throws -> AgentError.Cause? {
        let server = ScriptedServer { _ in reply }
        let client = try client(server.port)
        return #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }?.cause
    }

    // One request

    @Test func `each request has the agent's path, and a body only where there is one`() throws {
        let server = ScriptedServer { request in
            .agent(200, request.line.hasPrefix("GET") ? AgentBodies.v4Only : "{}")
        }
        let client = try client(server.port)
        let (vm, vmi) = (try #require(vm), try #require(vmi))
        try client.register(PortRegistrationTests.example())
        #expect(try client.state(vm: vm, vmi: vmi).systemName == "tapeth0-b0f5a0")
        #expect(try client.states(vm: vm).count == 1)
        try client.remove(vm: vm)
        let requests = server.requests
        #expect(
            requests.map(\.line) == [
                "POST /vm HTTP/1.1", "GET /vm/\(vm.text)/\(vmi.text) HTTP/1.1", "GET /vm/\(vm.text) HTTP/1.1",
                "DELETE /vm/\(vm.text) HTTP/1.1",
            ]
        )
        #expect(requests.map(\.body) == [PortRegistrationTests.text, "", "", ""])
        #expect(
            requests[0].text
                == "POST /vm HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(PortRegistrationTests.text.utf8.count)\r\n\r\n\(PortRegistrationTests.text)"
        )
        #expect(requests[3].text == "\(requests[3].line)\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n")
    }

    @Test func `one connection serves all requests of a run`() throws {
        let server = ScriptedServer { _ in .agent(200, "[]") }
        let client = try client(server.port)
        for name in ["a", "b", "c", "d"] { #expect(try client.assignments(of: name).isEmpty) }
        #expect(server.requests.map(\.connection) == [1, 1, 1, 1])
    }

    @Test func `an answer in many pieces is put together`() throws {
        let bytes = ScriptedServer.Reply.agentBytes(200, "[]")
        let server = ScriptedServer { _ in .dripped(milliseconds: 1, bytes) }
        #expect(try client(server.port, requestLimit: 5_000_000).assignments(of: "a").isEmpty)
    }

    /// The agent closes on FIN and drops the answer: the server does so, too.
    @Test func `the write side stays open until the answer is read`() throws {
        let server = ScriptedServer { _ in
            .later(milliseconds: 150, ScriptedServer.Reply.agentBytes(200, "[]"))
        }
        let client = try client(server.port, requestLimit: 5_000_000)
        #expect(try client.assignments(of: "a").isEmpty)
        #expect(try client.assignments(of: "b").isEmpty)
        #expect(server.requests.map(\.connection) == [1, 1])
    }

    // What can go wrong, told apart

    @Test func `nobody listens: refused`() throws {
        let client = try client(ScriptedServer.unusedPort())
        let error = #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }
        #expect(error?.cause == .unreachable(errno: 111))
        #expect(error?.request == "GET /vm-cfg/a")
    }

    @Test func `no answer: silent after the request's limit, not much later`() throws {
        let server = ScriptedServer { _ in .silence }
        let client = try client(server.port, requestLimit: 300_000)
        let start = monotonicMicroseconds()
        let error = #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }
        #expect(error?.cause == .silent)
        #expect((290_000...3_000_000).contains(monotonicMicroseconds() - start))
        #expect(server.requests.count == 1)
    }

    @Test func `an answer that drips does not stretch the request's limit`() throws {
        let bytes = ScriptedServer.Reply.agentBytes(200, String(repeating: " ", count: 10_000))
        let server = ScriptedServer { _ in .dripped(milliseconds: 20, bytes) }
        let client = try client(server.port, requestLimit: 300_000)
        let start = monotonicMicroseconds()
        let error = #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }
        #expect(error?.cause == .silent)
        #expect((290_000...3_000_000).contains(monotonicMicroseconds() - start))
    }

    @Test func `the run's deadline bounds a request, too`() throws {
        let server = ScriptedServer { _ in .silence }
        let client = try client(server.port, requestLimit: 20_000_000, limit: 200_000)
        let start = monotonicMicroseconds()
        let error = #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }
        #expect(error?.cause == .silent)
        #expect(monotonicMicroseconds() - start < 3_000_000)
    }

    @Test func `after silence a new connection is made: a late answer is not taken for the next one`() throws
    {
        let server = ScriptedServer { request in
            request.number == 1
                ? .later(milliseconds: 400, ScriptedServer.Reply.agentBytes(200, "[]"))
                : .agent(404, #"{"error":"{ Not Found }"}"#)
        }
        let client = try client(server.port, requestLimit: 200_000)
        #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }
        pauseFor(400_000)
        let error = #expect(throws: AgentError.self) { _ = try client.assignments(of: "b") }
        #expect(error?.cause == .notYet)
        #expect(server.requests.map(\.connection) == [1, 2])
    }

    @Test func `half an answer: cut`() throws {
        let bytes = ScriptedServer.Reply.agentBytes(200, "[]")
        for length in [1, 20, bytes.count - 1] {
            #expect(try cause(.bytesThenClose(Array(bytes[..<length]))) == .cut)
        }
        #expect(try cause(.close) == .cut)
    }

    @Test func `an answer and the end in one is an answer`() throws {
        let server = ScriptedServer { _ in .bytesThenClose(ScriptedServer.Reply.agentBytes(200, "[]")) }
        #expect(try client(server.port).assignments(of: "a").isEmpty)
    }

    @Test func `garbage: what is wrong is told`() throws {
        #expect(try cause(.bytes(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))) == .garbled("it is not HTTP/1.1"))
        #expect(try cause(.agent(200, "{")) == .garbled("not valid JSON at byte 1: expected a key in quotes"))
        #expect(try cause(.agent(200, "5")) == .garbled("field \".\": expected an object, found a number"))
        #expect(
            try cause(.agent(200, #"[{"id":"x"}]"#))
                == .garbled("field \"[0].id\": \"x\" is not a UUID in lower case")
        )
    }

    @Test func `5xx: status and the agent's message`() throws {
        #expect(
            try cause(.agent(500, #"{"error":"{ Invalid or missing data for <id> }"}"#))
                == .refused(status: 500, message: "{ Invalid or missing data for <id> }")
        )
        // Bytes that are no UTF-8, and a body that a NUL cut short: no JSON, and shown as they are.
        let bytes = Array("HTTP/1.1 500 OK\r\nContent-Length: 3\r\n\r\n{".utf8) + [0xE9, 0x7D]
        #expect(try cause(.bytes(bytes)) == .refused(status: 500, message: "{\u{fffd}}"))
        #expect(
            try cause(.agent(500, #"{"error":"{ Invalid Json string ==> {a"}"#))
                == .refused(status: 500, message: "{ Invalid Json string ==> {a")
        )
        #expect(try cause(.agent(503, "")) == .refused(status: 503, message: ""))
        let long = String(repeating: "x", count: 5000)
        #expect(try cause(.agent(500, long)) == .refused(status: 500, message: String(long.prefix(200))))
    }

    @Test func `404 Not Found means not yet, 404 Unknown Request never`() throws {
        #expect(try cause(.agent(404, #"{"error":"{ Not Found }"}"#)) == .notYet)
        #expect(try cause(.agent(404, "")) == .notYet)
        #expect(try cause(.agent(404, #"{"error":"Unknown Request"}"#)) == .unknownRequest)
    }

    @Test func `a state without the port that was asked for is garbled`() throws {
        let server = ScriptedServer { _ in .agent(200, AgentBodies.v4Only) }
        let client = try client(server.port)
        let (vm, other) = (try #require(vm), try #require(UUID("00000000-0000-0000-0000-000000000001")))
        let error = #expect(throws: AgentError.self) { _ = try client.state(vm: vm, vmi: other) }
        #expect(error?.cause == .garbled("the port is not in it"))
    }

    // Connections that end

    @Test func `a server that closed in between is asked again on a new connection`() throws {
        let server = ScriptedServer { request in
            let bytes = ScriptedServer.Reply.agentBytes(200, "[]")
            return request.number == 1 ? .bytesThenClose(bytes) : .bytes(bytes)
        }
        let client = try client(server.port)
        #expect(try client.assignments(of: "a").isEmpty)
        pauseFor(50_000)
        #expect(try client.assignments(of: "b").isEmpty)
        #expect(try client.assignments(of: "c").isEmpty)
        #expect(server.requests.map(\.connection) == [1, 2, 2])
    }

    @Test func `a server that closes on every second request is asked once more, not for ever`() throws {
        let server = ScriptedServer { $0.number == 1 ? .agent(200, "[]") : .close }
        let client = try client(server.port)
        #expect(try client.assignments(of: "a").isEmpty)
        let error = #expect(throws: AgentError.self) { _ = try client.assignments(of: "b") }
        #expect(error?.cause == .cut)
        #expect(server.requests.map(\.connection) == [1, 1, 2])
    }

    @Test func `a first connection that is cut is not tried again`() throws {
        let server = ScriptedServer { _ in .close }
        let client = try client(server.port)
        #expect(throws: AgentError.self) { _ = try client.assignments(of: "a") }
        #expect(server.requests.count == 1)
    }

    @Test func `after Connection: close and after surplus bytes a new connection is made`() throws {
        for bytes in [
            Array("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]".utf8),
            ScriptedServer.Reply.agentBytes(200, "[]") + Array("surplus".utf8),
        ] {
            let server = ScriptedServer { _ in .bytes(bytes) }
            let client = try client(server.port)
            for name in ["a", "b"] { #expect(try client.assignments(of: name).isEmpty) }
            #expect(server.requests.map(\.connection) == [1, 2])
        }
    }

    // Polling

    @Test func `polling repeats until there is an answer that is enough`() throws {
        let server = ScriptedServer { request in
            switch request.number {
            case 1: .agent(404, #"{"error":"{ Not Found }"}"#)
            case 2: .agent(500, #"{"error":"x"}"#)
            case 3: .close
            case 4: .agent(200, "[]")
            default: .agent(200, AgentBodies.v4Only)
            }
        }
        let vm = try #require(vm)
        let states = try client(server.port).poll("GET /vm") { client throws(AgentError) -> [PortState]? in
            let states = try client.states(vm: vm)
            return states.isEmpty ? nil : states
        }
        #expect(states.count == 1)
        // The third, which was cut on a kept connection, was sent again at once and got the fourth's answer.
        #expect(server.requests.count == 5)
    }

    /// The pauses are 50, 75, 112, 168, 253, 379 and 569 milliseconds: seven requests in 1.2 s, not hundreds.
    @Test func `polling backs off and ends at the deadline with the last cause`() throws {
        let server = ScriptedServer { request in
            request.number < 4 ? .agent(500, #"{"error":"x"}"#) : .agent(404, #"{"error":"{ Not Found }"}"#)
        }
        let client = try client(server.port, limit: 1_200_000)
        let start = monotonicMicroseconds()
        let error = #expect(throws: AgentError.self) {
            _ = try client.poll("GET /vm-cfg/a") { client throws(AgentError) -> [PortAssignment]? in
                try client.assignments(of: "a")
            }
        }
        let elapsed = monotonicMicroseconds() - start
        #expect(error?.cause == .notYet)
        #expect(elapsed < 3_000_000)
        #expect((4...7).contains(server.requests.count), "\(server.requests.count)")
    }

    @Test func `a request that the deadline cuts short does not hide what the agent said before`() throws {
        let server = ScriptedServer { $0.number < 3 ? .agent(404, #"{"error":"{ Not Found }"}"#) : .silence }
        let client = try client(server.port, requestLimit: 20_000_000, limit: 1_000_000)
        let error = #expect(throws: AgentError.self) {
            _ = try client.poll("GET /vm-cfg/a") { client throws(AgentError) -> [PortAssignment]? in
                try client.assignments(of: "a")
            }
        }
        #expect(error?.cause == .notYet)
        #expect(server.requests.count == 3)
    }

    @Test func `polling that is never satisfied ends with not yet`() throws {
        let server = ScriptedServer { _ in .agent(200, "[]") }
        let client = try client(server.port, limit: 500_000)
        let error = #expect(throws: AgentError.self) {
            _ = try client.poll("GET /vm-cfg/a") { client throws(AgentError) -> Int? in
                _ = try client.assignments(of: "a")
                return nil
            }
        }
        #expect(
            error == AgentError(request: "GET /vm-cfg/a", agent: "127.0.0.1:\(server.port)", cause: .notYet)
        )
    }

    @Test func `polling a dead agent ends at the deadline`() throws {
        let client = try client(ScriptedServer.unusedPort(), limit: 300_000)
        let start = monotonicMicroseconds()
        let error = #expect(throws: AgentError.self) {
            _ = try client.poll("x") { client throws(AgentError) -> [PortAssignment]? in
                try client.assignments(of: "a")
            }
        }
        #expect(error?.cause == .unreachable(errno: 111))
        #expect(monotonicMicroseconds() - start < 3_000_000)
    }

    @Test func `what can't pass ends polling at once`() throws {
        for reply in [
            ScriptedServer.Reply.agent(404, #"{"error":"Unknown Request"}"#), .agent(400, #"{"error":"x"}"#),
        ] {
            let server = ScriptedServer { _ in reply }
            let client = try client(server.port)
            let error = #expect(throws: AgentError.self) {
                _ = try client.poll("x") { client throws(AgentError) -> [PortAssignment]? in
                    try client.assignments(of: "a")
                }
            }
            #expect(error?.isTransient == false)
            #expect(server.requests.count == 1)
        }
    }
}
