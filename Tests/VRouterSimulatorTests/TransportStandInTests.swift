// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import VRouterSimulator

/// Connections: section 3.6 of the agent's record, and its corrections 12 to 14.
@Suite struct TransportStandInTests {
    private static let path = "/port/\(Sample.vmi)"

    static let answered: [Exchange] = [
        Exchange("HTTP/1.0", "GET \(path) HTTP/1.0\r\n\r\n", .notFound),
        Exchange("Connection: close", "GET \(path) HTTP/1.1\r\nConnection: close\r\n\r\n", .notFound),
        Exchange("Upgrade", "GET \(path) HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", .notFound),
        Exchange("no Host", "GET \(path) HTTP/1.1\r\n\r\n", .notFound),
        Exchange("LF only", "GET \(path) HTTP/1.1\nHost: h\n\n", .notFound),
        Exchange("leading CRLF", "\r\n\r\nGET \(path) HTTP/1.1\r\n\r\n", .notFound),
        Exchange(
            "text/plain",
            "POST /vm HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n5",
            .unexpected("5")
        ),
        Exchange(
            "Expect",
            "POST /vm HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n5",
            .unexpected("5")
        ),
        Exchange(
            "chunked",
            "POST /vm HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n5\r\n1;x=y\r\n6\r\n0\r\n\r\n",
            .unexpected("56")
        ),
        Exchange(
            "header of 70 kB",
            "GET \(path) HTTP/1.1\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n",
            .notFound
        ),
        Exchange("folded header", "GET \(path) HTTP/1.1\r\nX: a\r\n b\r\n\r\n", .notFound),
    ]

    static let unanswered: [Exchange] = [
        Exchange("FOO BAR", "FOO BAR\r\n\r\n", nil),
        Exchange("lower-case method", "get \(path) HTTP/1.1\r\n\r\n", nil),
        Exchange("TLS", bytes: [0x16, 3, 1, 0, 0xa5, 1, 0, 0, 0xa1, 3, 3, 10, 10], nil),
        Exchange("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", nil),
        Exchange(
            "header of 90 kB",
            "GET \(path) HTTP/1.1\r\nX: \(String(repeating: "x", count: 90_000))\r\n\r\n",
            nil
        ),
        Exchange("blank in a header's name", "GET \(path) HTTP/1.1\r\nA B: c\r\n\r\n", nil),
        Exchange("Content-Length: x", "GET \(path) HTTP/1.1\r\nContent-Length: x\r\n\r\n", nil),
        Exchange(
            "Expect without a body",
            "POST /vm HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
            nil
        ),
    ]

    @Test("What is answered; the connection stays open", arguments: answered)
    func isAnswered(_ test: Exchange) throws {
        let standIn = try StandIn()
        let connection = try Connection(port: standIn.port)
        #expect(try connection.exchange(test.sent) == test.reply)
        #expect(try connection.request("GET", Self.path) == .notFound)
    }

    @Test("What is never answered; nor is anything after it", arguments: unanswered.dropLast())
    func isNotAnswered(_ test: Exchange) throws {
        let standIn = try StandIn()
        let connection = try Connection(port: standIn.port)
        #expect(try connection.exchange(test.sent, milliseconds: 200) == nil)
        #expect(try connection.exchange(Connection.bytes("GET", Self.path), milliseconds: 200) == nil)
        #expect(try standIn.request("GET", Self.path) == .notFound)
    }

    @Test("No line 100 comes before a body that is late")
    func expect() throws {
        let connection = try Connection(port: StandInTestsSupport.shared.port)
        #expect(try connection.exchange(Self.unanswered[7].sent, milliseconds: 100) == nil)
        #expect(try connection.exchange(Bytes("5")) == .unexpected("5"))
    }

    @Test("Requests one after another, split anywhere")
    func split() throws {
        let connection = try Connection(port: StandInTestsSupport.shared.port)
        let bytes = Connection.bytes("POST", "/vm", Bytes("[5]"))
        for _ in 0..<3 { #expect(try connection.exchange(bytes) == .unexpected("[5]")) }
        for cut in bytes.indices.dropFirst() {
            try connection.send(Bytes(bytes[..<cut]))
            usleep(300)
            #expect(try connection.exchange(Bytes(bytes[cut...])) == .unexpected("[5]"))
        }
    }

    @Test("Two requests in one segment have one reply: target and method of the last, bodies joined")
    func pipelining() throws {
        let connection = try Connection(port: StandInTestsSupport.shared.port)
        let both = Connection.bytes("POST", "/port", Bytes("5")) + Connection.bytes("POST", "/vm", Bytes("6"))
        #expect(try connection.exchange(both) == .unexpected("56"))
        #expect(try connection.exchange([], milliseconds: 100) == nil)
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
        let other = try Connection(port: standIn.port)
        let deletion = Connection.bytes("DELETE", Self.path) + Connection.bytes("GET", "/x")
        #expect(try other.exchange(deletion) == .unknown)
        #expect(standIn.file(Sample.vmi) != nil)
    }

    @Test("What is longer than its Content-Length is cut, and the next request is answered")
    func surplus() throws {
        let connection = try Connection(port: StandInTestsSupport.shared.port)
        let bytes = Bytes("POST /vm HTTP/1.1\r\nContent-Length: 1\r\n\r\n5678")
        #expect(try connection.exchange(bytes) == .unexpected("5"))
        #expect(try connection.request("GET", "/x") == .unknown)
    }

    @Test("Who closes the write side early goes without a reply")
    func halfClose() throws {
        let standIn = try StandIn()
        var answers = 0
        for _ in 0..<20 {
            let connection = try Connection(port: standIn.port)
            try connection.send(Connection.bytes("GET", "/x"))
            connection.closeWriteSide()
            if try connection.reply(milliseconds: 500) != nil { answers += 1 }
        }
        #expect(answers < 20)
    }

    @Test("IPv6 is refused")
    func v6() throws {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = in_port_t(StandInTestsSupport.shared.port).bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) { $0[15] = 1 }
        let fd = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(fd) }
        #expect(Socket.withAddress(of: &name) { connect(fd, $0, $1) } != 0)
    }

    @Test("64 clients at once are all served")
    func manyClients() throws {
        let standIn = try StandIn()
        let connections = try (0..<64).map { _ in try Connection(port: standIn.port) }
        for _ in 0..<10 {
            for connection in connections { try connection.send(Connection.bytes("GET", Self.path)) }
            for connection in connections { #expect(try connection.reply() == .notFound) }
        }
    }
}

/// One simulator for tests that change nothing.
enum StandInTestsSupport {
    static let shared: StandIn = {
        do {
            return try StandIn()
        } catch {
            preconditionFailure("\(error)")
        }
    }()
}
