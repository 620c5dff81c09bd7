// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// POST and DELETE /vm: section 3.4 of the agent's record.
@Suite struct MachinePortStandInTests {
    static let bodies: [Exchange] =
        ["vm-uuid", "vn-uuid", "vmi-uuid"].flatMap { key in
            [
                Exchange("POST", "/vm", Sample.machinePort([key: nil]), .data(key)),
                Exchange("POST", "/vm", Sample.machinePort([key: "5"]), .data(key)),
            ]
        }
        + ["host-ifname", "vm-name"].flatMap { key in
            [
                Exchange("POST", "/vm", Sample.machinePort([key: nil]), .field(key)),
                Exchange("POST", "/vm", Sample.machinePort([key: "5"]), .field(key)),
            ]
        }
        + [
            Exchange("POST", "/vm", "[]", .unexpected("[]")),
            Exchange("POST", "/vm", "[\(Sample.machinePort())]", .unexpected("[\(Sample.machinePort())]")),
            Exchange("POST", "/vm", "5", .unexpected("5")),
            Exchange("POST", "/vm", "null", .unexpected("null")),
            Exchange("POST", "/vm", "\"x\"", .unexpected("\"x\"")),
            Exchange("POST", "/vm", "{", .invalid("{")),
            Exchange("POST", "/vm", "{}", .data("vm-uuid")),
            Exchange("POST", "/vm", "", .error("{ Invalid Json string ==>  }")),
            Exchange("POST", "/vm", Sample.machinePort(["vm-uuid": "\"garbage\""]), .ok),
            Exchange("POST", "/vm", Sample.machinePort(["vn-uuid": "\"garbage\""]), .ok),
            Exchange("DELETE", "/vm/\(Sample.vn)", "", .ok),
            Exchange("DELETE", "/vm/\(Sample.zero)", "", .ok),
            Exchange("DELETE", "/vm/\(Sample.vm)/\(Sample.vmi)", "", .unknown),
        ]

    @Test("Bodies of POST /vm", arguments: bodies)
    func body(_ test: Exchange) throws { try test.check(StandIn()) }

    @Test("Optional fields of the wrong type are stored empty")
    func optional() throws {
        let standIn = try StandIn()
        let body = Sample.machinePort(["vm-id": "5", "vm-ifname": "5", "vm-namespace": "5", "time": "5"])
        #expect(try standIn.request("POST", "/vm", body) == .ok)
        let file = try #require(standIn.file("vm/k8s__ns__p/\(Sample.vmi)"))
        #expect(file.contains("\"vm-id\": \"\",") && file.contains("\"vm-ifname\": \"\","))
        #expect(file.contains("\"vm-namespace\": \"\","))
    }

    @Test("A second POST changes neither the table nor the file")
    func again() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/vm", Sample.machinePort()) == .ok)
        #expect(try standIn.request("POST", "/vm", Sample.machinePort(["host-ifname": "\"tap2\""])) == .ok)
        let shown = try #require(try standIn.request("GET", "/vm/\(Sample.vm)/\(Sample.vmi)")).body.text
        #expect(shown.contains("\"system-name\": \"tap1\""))
        #expect(standIn.file("vm/k8s__ns__p/\(Sample.vmi)")?.contains("\"host-ifname\": \"tap1\"") == true)
    }

    @Test("A nil interface leaves a file, and no interface")
    func nilInterface() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/vm", Sample.machinePort(["vmi-uuid": "\"garbage\""])) == .ok)
        #expect(standIn.file("vm/k8s__ns__p/\(Sample.zero)") != nil)
        #expect(try standIn.request("GET", "/vm/\(Sample.vm)") == .notFound)
    }

    @Test("DELETE takes all configured interfaces, the folder of the UUID, but not the folder of the name")
    func delete() throws {
        let standIn = try StandIn()
        let second = Sample.machinePort([
            "vmi-uuid": "\"\(Sample.secondVMI)\"", "vn-uuid": "\"\(Sample.secondVN)\"",
        ])
        #expect(try standIn.request("POST", "/vm", Sample.machinePort()) == .ok)
        #expect(try standIn.request("GET", "/vm/\(Sample.vm)") == .notFound)
        #expect(try standIn.request("GET", "/vm/\(Sample.vm)/\(Sample.vmi)")?.head.contains("200 OK") == true)
        #expect(try standIn.request("POST", "/vm", second) == .ok)
        #expect(try standIn.request("GET", "/vm/\(Sample.vm)")?.head.contains("200 OK") == true)
        let folder = Bytes(standIn.folder + "/ports/vm/" + Sample.vm)
        FileText.createFolders(folder, mode: 0o755)
        #expect(FileText.write(Bytes("x"), to: folder + Bytes("/foreign"), mode: 0o600))
        #expect(try standIn.request("DELETE", "/vm/\(Sample.vm)") == .ok)
        #expect(FileText.read(folder + Bytes("/foreign")) == nil)
        #expect(standIn.file("vm/k8s__ns__p/\(Sample.vmi)") != nil)
        #expect(try standIn.request("GET", "/vm/\(Sample.vm)/\(Sample.vmi)") == .notFound)
        #expect(try standIn.request("DELETE", "/vm/\(Sample.vm)") == .ok)
    }

    @Test("GET with an interface does not look at the machine, unless it is nil")
    func machineOfGet() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/vm", Sample.machinePort()) == .ok)
        #expect(try standIn.request("GET", "/vm/\(Sample.vn)/\(Sample.vmi)")?.head.contains("200 OK") == true)
        #expect(try standIn.request("GET", "/vm/\(Sample.zero)/\(Sample.vmi)") == .notFound)
    }

    @Test(
        "Where the file goes for odd names",
        arguments: [
            ("a/b", "vm/a/b/"), ("", "vm/"), ("..", ""), ("/abs", "vm/abs/"), ("x\\u0000y", "vm/x/"),
            (String(repeating: "n", count: 255), "vm/\(String(repeating: "n", count: 255))/"),
        ]
    )
    func names(_ name: String, _ folder: String) throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/vm", Sample.machinePort(["vm-name": "\"\(name)\""])) == .ok)
        #expect(standIn.file(folder + Sample.vmi) != nil)
    }

    @Test("A file under .. blocks the file of POST /port")
    func blocked() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/vm", Sample.machinePort(["vm-name": "\"..\""])) == .ok)
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
        #expect(standIn.file(Sample.vmi)?.contains("vmi-uuid") == true)
    }

    @Test("Names that end the agent are accepted and forgotten while the switch is off")
    func longName() throws {
        let standIn = try StandIn()
        let name = String(repeating: "n", count: 256)
        #expect(try standIn.request("POST", "/vm", Sample.machinePort(["vm-name": "\"\(name)\""])) == .ok)
        #expect(try standIn.request("GET", "/vm/\(Sample.vm)/\(Sample.vmi)") == .notFound)
    }
}
