// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import VRouterSimulator

/// /gateway, /syncports and what is loaded at the start: section 3.7 of the agent's record.
@Suite struct SyncStandInTests {
    private static let prefix = "{\"ip-address\":\"10.0.0.0\",\"prefix-len\":300}"

    private static func gateway(_ changes: [(String, String?)] = []) -> String {
        var members: [(String, String?)] = [
            ("interface", "\"g\""), ("routing-instance", "\"r\""), ("subnets", "[\(prefix)]"),
            ("routes", "[]"),
        ]
        for (key, value) in changes {
            if let index = members.firstIndex(where: { $0.0 == key }) { members[index].1 = value }
        }
        let parts = members.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
        return "[{\(parts.joined(separator: ","))}]"
    }

    private static func incomplete(_ key: String, _ value: String?, _ member: String) -> Exchange {
        let body = gateway([(key, value)])
        let echo = body.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        return Exchange(
            "POST",
            "/gateway",
            body,
            .error("{ Json string does not have all required members, \(member) is missing ==> \(echo) }")
        )
    }

    static let gateways: [Exchange] =
        [
            Exchange("POST", "/gateway", gateway(), .ok),
            Exchange("POST", "/gateway", "[]", .ok),
            Exchange("POST", "/gateway", "{}", .error("{ Unexpected Json string (not an array) ==> {} }")),
            Exchange("POST", "/gateway", "[5]", .error("{ Json Array has invalid element ==> [5] }")),
            Exchange("POST", "/gateway", "[", .invalid("[")),
            Exchange("DELETE", "/gateway", "[{\"interface\":\"g\"}]", .ok),
            Exchange("DELETE", "/gateway", "[]", .ok),
            Exchange("DELETE", "/gateway", "[{}]", .error("{}")),
            Exchange("DELETE", "/gateway", "", .error("{}")),
        ]
        + ["interface", "routing-instance", "subnets", "routes"].map { incomplete($0, nil, $0) }
        + [
            incomplete("subnets", "[{}]", "subnets value"),
            incomplete("routes", "[5]", "routes value"),
            incomplete("subnets", "[{\"ip-address\":\"fd00::\",\"prefix-len\":64}]", "subnets value"),
        ]

    @Test("/gateway", arguments: gateways)
    func gateway(_ test: Exchange) throws { try test.check(StandIn()) }

    private func standIn(timeout: Int) throws -> StandIn {
        var configuration = Configuration.sample()
        configuration.staleTimeout = timeout
        return try StandIn(configuration)
    }

    private func id(_ number: Int) -> String { "0000000\(number)-3a90-11ee-9c41-0242ac110002" }

    private func add(_ standIn: StandIn, _ number: Int, type: String = "0") throws {
        let body = Sample.port(["id": "\"\(id(number))\"", "type": type])
        #expect(try standIn.request("POST", "/port", body) == .ok)
    }

    @Test("What is not posted again is removed with its file; namespace ports stay")
    func stale() throws {
        let standIn = try standIn(timeout: 400)
        try add(standIn, 1)
        try add(standIn, 2, type: "1")
        try add(standIn, 3, type: "2")
        try add(standIn, 4)
        #expect(try standIn.request("POST", "/syncports", "junk") == .ok)
        try add(standIn, 4)
        #expect(standIn.file(id(1)) != nil)
        usleep(700_000)
        #expect([1, 2, 3, 4].map { standIn.file(id($0)) != nil } == [false, true, false, true])
    }

    @Test("A timer cleans below its own version")
    func twoTimers() throws {
        let standIn = try standIn(timeout: 400)
        try add(standIn, 1)
        #expect(try standIn.request("POST", "/syncports", "") == .ok)
        usleep(100_000)
        #expect(try standIn.request("POST", "/syncports", "") == .ok)
        try add(standIn, 2)
        usleep(350_000)
        #expect(standIn.file(id(1)) == nil)
        usleep(200_000)
        #expect(standIn.file(id(2)) != nil)
    }

    @Test("With no time-out, at once")
    func atOnce() throws {
        let standIn = try standIn(timeout: 0)
        try add(standIn, 1)
        #expect(try standIn.request("POST", "/syncports", "") == .ok)
        #expect(try standIn.request("GET", "/x") == .unknown)
        #expect(standIn.file(id(1)) == nil)
    }

    @Test("One stale interface takes its siblings along, also those that were posted again")
    func siblings() throws {
        let standIn = try standIn(timeout: 200)
        let second = Sample.machinePort([
            "vmi-uuid": "\"\(Sample.secondVMI)\"", "vn-uuid": "\"\(Sample.secondVN)\"",
        ])
        #expect(try standIn.request("POST", "/vm", Sample.machinePort()) == .ok)
        #expect(try standIn.request("POST", "/vm", second) == .ok)
        #expect(try standIn.request("POST", "/syncports", "") == .ok)
        #expect(try standIn.request("POST", "/vm", Sample.machinePort()) == .ok)
        usleep(400_000)
        for id in [Sample.vmi, Sample.secondVMI] {
            #expect(try standIn.request("GET", "/vm/\(Sample.vm)/\(id)") == .notFound)
        }
    }

    @Test("A machine whose interfaces are not configured is never cleaned")
    func unconfigured() throws {
        let standIn = try standIn(timeout: 0)
        let body = Sample.machinePort(["vm-uuid": "\"\(Sample.secondVN)\""])
        #expect(try standIn.request("POST", "/vm", body) == .ok)
        #expect(try standIn.request("POST", "/syncports", "") == .ok)
        #expect(try standIn.request("GET", "/x") == .unknown)
        #expect(try standIn.control(#"{"command":"statistics"}"#).contains("\"machinePorts\":1"))
    }

    // MARK: Reload

    /// A device that every network namespace has.
    private static let device = "\"lo\""

    private func loaded(_ name: String, _ text: String) throws -> Bool {
        let standIn = try StandIn { folder in
            let path = folder + "/ports/" + name
            let end = try #require(path.lastIndex(of: "/"))
            FileText.createFolders(Bytes(String(path[..<end])), mode: 0o755)
            #expect(FileText.write(Bytes(text), to: Bytes(path), mode: 0o644))
        }
        return try standIn.request("GET", "/port/\(Sample.vmi)")?.head.contains("200 OK") ?? false
    }

    @Test(
        "Names of /port files that are loaded",
        arguments: [
            (Sample.vmi, true), (Sample.vmi + ".tmp", true), (Sample.vmi.uppercased(), true),
            (Sample.secondVMI, true), ("." + Sample.vmi, false), (Sample.zero, false), ("x", false),
            (Sample.vmi + "/file", false),
        ]
    )
    func portNames(_ name: String, _ isLoaded: Bool) throws {
        #expect(try loaded(name, Sample.port(["system-name": Self.device])) == isLoaded)
    }

    @Test(
        "Names of /vm files that are loaded",
        arguments: [
            ("vm/p/\(Sample.vmi)", true), ("vm/p/\(Sample.vmi).bak", true), ("vm/p/.\(Sample.vmi)", false),
            ("vm/\(Sample.vmi)", false), ("vm/a/b/\(Sample.vmi)", false),
        ]
    )
    func machinePortNames(_ name: String, _ isLoaded: Bool) throws {
        #expect(try loaded(name, Sample.machinePort(["host-ifname": Self.device])) == isLoaded)
    }

    @Test(
        "Texts of files that are loaded",
        arguments: [
            (Sample.port(["system-name": device]), true), ("[\(Sample.port(["system-name": device]))]", true),
            (Sample.port(["system-name": "\"nosuch0\""]), false),
            (Sample.port(["system-name": "\"nosuch0\"", "type": "2"]), true),
            (String(Sample.port(["system-name": device]).dropLast()), false), ("", false),
        ]
    )
    func texts(_ text: String, _ isLoaded: Bool) throws {
        #expect(try loaded(Sample.vmi, text) == isLoaded)
    }

    @Test("On a DPDK node nobody looks for the device")
    func dpdk() throws {
        var configuration = Configuration.sample()
        configuration.isDPDK = true
        let standIn = try StandIn(configuration) { folder in
            FileText.createFolders(Bytes(folder + "/ports"), mode: 0o755)
            let path = Bytes(folder + "/ports/" + Sample.vmi)
            #expect(FileText.write(Bytes(Sample.port()), to: path, mode: 0o644))
        }
        #expect(try standIn.request("GET", "/port/\(Sample.vmi)")?.head.contains("200 OK") == true)
    }

    @Test("DELETE /port removes the canonical name only, and another file brings the port back")
    func survivor() throws {
        let folder = try TemporaryFolder.make()
        let ports = Bytes(folder + "/ports/")
        FileText.createFolders(ports, mode: 0o755)
        let text = Bytes(Sample.port(["system-name": Self.device]))
        #expect(FileText.write(text, to: ports + Bytes(Sample.vmi.uppercased()), mode: 0o644))
        let standIn = try StandIn(folder: folder)
        #expect(try standIn.request("DELETE", "/port/\(Sample.vmi)") == .ok)
        #expect(try standIn.request("GET", "/port/\(Sample.vmi)") == .notFound)
        #expect(FileText.read(ports + Bytes(Sample.vmi.uppercased())) == text)
    }
}
