// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// POST /port: sections 3.1 and 3.2 of the agent's record.
@Suite struct PortStandInTests {
    @Test("POST /port: shapes of the body", arguments: PortCases.shapes)
    func shape(_ test: PortCase) throws { try check(test) }

    @Test(
        "POST /port: missing and mistyped fields are named in the agent's order",
        arguments: PortCases.missing
    )
    func missing(_ test: PortCase) throws { try check(test) }

    @Test("POST /port: numbers are 32 bits and wrap", arguments: PortCases.numbers)
    func number(_ test: PortCase) throws { try check(test) }

    @Test("POST /port: VLANs", arguments: PortCases.vlans)
    func vlan(_ test: PortCase) throws { try check(test) }

    @Test("POST /port: UUIDs, MACs and addresses", arguments: PortCases.texts)
    func text(_ test: PortCase) throws { try check(test) }

    private func check(_ test: PortCase) throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/port", test.body) == test.reply)
        if let stored = test.stored {
            #expect(standIn.file(test.file)?.contains(stored) == true)
        } else if test.reply != .ok {
            #expect(standIn.file(test.file) == nil)
        }
    }

    @Test("A bad element of an array keeps all of them out, silently")
    func arrays() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/port", "[\(Sample.port()),{}]") == .ok)
        #expect(standIn.file(Sample.vmi) == nil)
    }

    @Test("A second POST for the same machine changes nothing")
    func again() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
        #expect(try standIn.request("POST", "/port", Sample.port(["system-name": "\"other\""])) == .ok)
        let shown = try #require(try standIn.request("GET", "/port/\(Sample.vmi)")).body.text
        #expect(shown.contains("\"system-name\": \"tap1af4bee3-04\""))
        #expect(standIn.file(Sample.vmi)?.contains("tap1af4bee3-04") == true)
    }

    @Test("A POST for another machine replaces the port, but not its file")
    func otherMachine() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
        let other = Sample.port(["system-name": "\"other\"", "instance-id": "\"\(Sample.vn)\""])
        #expect(try standIn.request("POST", "/port", other) == .ok)
        let shown = try #require(try standIn.request("GET", "/port/\(Sample.vmi)")).body.text
        #expect(shown.contains("\"system-name\": \"other\""))
        #expect(standIn.file(Sample.vmi)?.contains("\"instance-id\": \"\(Sample.vm)\"") == true)
    }

    @Test("GET is 404 before the configuration has the interface; DELETE is always 200")
    func absent() throws {
        let standIn = try StandIn(Configuration(offline: ()))
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
        #expect(try standIn.request("GET", "/port/\(Sample.vmi)") == .notFound)
        #expect(try standIn.request("DELETE", "/port/\(Sample.vmi)") == .ok)
        #expect(standIn.file(Sample.vmi) == nil)
        #expect(try standIn.request("DELETE", "/port/\(Sample.vmi)") == .ok)
    }

    @Test("A port whose file cannot be opened is not added; one whose write is lost is")
    func unwritable() throws {
        let standIn = try StandIn { folder in
            #expect(FileText.write(Bytes("x"), to: Bytes(folder + "/ports"), mode: 0o600))
        }
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
        #expect(try standIn.request("GET", "/port/\(Sample.vmi)") == .notFound)
    }

    @Test("Links of remote ports can be switched, and only theirs")
    func links() throws {
        let standIn = try StandIn()
        func put(_ verb: String, _ id: String = Sample.vmi) throws -> Reply? {
            try standIn.request("PUT", "/\(verb)-port/\(id)")
        }
        #expect(try put("enable") == .error("{Port Not found \(Sample.vmi)}"))
        #expect(try put("disable", Sample.zero) == .error("{Port Not found \(Sample.zero)}"))
        for kind in ["0", "1"] {
            #expect(try standIn.request("POST", "/port", Sample.port(["type": kind])) == .ok)
            #expect(try put("enable") == .error("{Incorrect Port type for \(Sample.vmi)}"))
            #expect(try put("disable") == .error("{Incorrect Port type for \(Sample.vmi)}"))
            #expect(try standIn.request("DELETE", "/port/\(Sample.vmi)") == .ok)
        }
        #expect(try standIn.request("POST", "/port", Sample.port(["type": "2"])) == .ok)
        for (verb, state) in [("enable", 1), ("enable", 1), ("disable", 0)] {
            #expect(try put(verb) == .ok)
            #expect(standIn.file(Sample.vmi)?.contains("\"link-state\": \(state),") == true)
        }
    }
}

extension Configuration {
    /// Nothing configured, and no data plane.
    init(offline: Void) {
        self.init()
        dataPlane = false
    }
}
