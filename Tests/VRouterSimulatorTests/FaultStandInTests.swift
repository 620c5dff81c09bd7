// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import VRouterSimulator

/// Faults and switches for the tests of clients.
@Suite struct FaultStandInTests {
    private static let path = "/vm-cfg/k8s__default__vm1"

    private func fault(_ standIn: StandIn, _ members: String) throws {
        let line = #"{"command":"fault","fault":{\#(members)}}"#
        #expect(try standIn.control(line) == "{\"ok\":true}\n")
    }

    private func exchange(_ members: String) throws -> Bytes {
        let standIn = try StandIn()
        try fault(standIn, members)
        let connection = try Connection(port: standIn.port)
        try connection.send(Connection.bytes("GET", Self.path))
        return try connection.receive(milliseconds: 200) { _ in false }
    }

    @Test("No reply, no connection, no HTTP, half a reply")
    func broken() throws {
        #expect(try exchange(#""kind":"hang""#).isEmpty)
        #expect(try exchange(#""kind":"close""#).isEmpty)
        #expect(try !exchange(#""kind":"garbage""#).starts(with: Bytes("HTTP")))
        let half = try exchange(#""kind":"halfReply""#)
        #expect(half.starts(with: Bytes("HTTP/1.1 200 OK\r\n")) && half.count == 447)
    }

    @Test("A code instead of the request, and a code after it")
    func status() throws {
        let standIn = try StandIn()
        let refusal = Reply.error("{ Refused by the simulator }", 500)
        try fault(standIn, #""kind":"status","code":500,"method":"POST","path":"/port","times":1"#)
        #expect(try standIn.request("GET", Self.path)?.head.contains("200") == true)
        #expect(try standIn.request("POST", "/port", Sample.port()) == refusal)
        #expect(standIn.file(Sample.vmi) == nil)
        try fault(standIn, #""kind":"lateStatus","code":500,"times":1"#)
        #expect(try standIn.request("POST", "/port", Sample.port()) == refusal)
        #expect(standIn.file(Sample.vmi) != nil)
        #expect(try standIn.request("POST", "/port", Sample.port()) == .ok)
    }

    @Test("A MAC that is none")
    func mac() throws {
        let standIn = try StandIn()
        try fault(standIn, #""kind":"invalidMAC""#)
        let body = try #require(try standIn.request("GET", Self.path)).body.text
        #expect(body.contains("\"mac-address\": \"not-a-mac\",") && !body.contains("02:7c"))
        #expect(try standIn.control(#"{"command":"clear-faults"}"#) == "{\"ok\":true}\n")
        #expect(try standIn.request("GET", Self.path)?.body.text.contains("02:7c") == true)
    }

    @Test("A reply that is late, while others are served")
    func delay() throws {
        let standIn = try StandIn()
        try fault(standIn, #""kind":"delay","milliseconds":300,"times":1"#)
        let connection = try Connection(port: standIn.port)
        #expect(try connection.exchange(Connection.bytes("GET", "/x"), milliseconds: 100) == nil)
        #expect(try standIn.request("GET", "/x") == .unknown)
        #expect(try connection.reply() == .unknown)
    }

    @Test("Connections are refused, and served again")
    func refuse() throws {
        let standIn = try StandIn()
        #expect(try standIn.control(#"{"command":"set","switch":"refuse"}"#) == "{\"ok\":true}\n")
        #expect(throws: SystemError.self) { try Connection(port: standIn.port) }
        let on = try standIn.control(#"{"command":"set","switch":"refuse","value":false}"#)
        #expect(on == "{\"ok\":true}\n")
        #expect(try standIn.request("GET", "/x") == .unknown)
    }

    @Test(
        "The old machine's end takes the name of the new one only if the switch says so",
        arguments: [false, true]
    )
    func nameDefect(_ isOn: Bool) throws {
        var configuration = Configuration.sample()
        configuration.switches.nameDefect = isOn
        let standIn = try StandIn(configuration)
        let pod = """
            {"command":"add-pod","pod":{"name":"vm1","uuid":"\(Sample.secondVN)","interfaces":[{"network":\
            "\(Sample.vn)","vmi":"00000000-0000-0000-0000-000000000001"}]}}
            """
        #expect(try standIn.control(pod) == "{\"ok\":true}\n")
        #expect(try standIn.control(#"{"command":"delete-pod","uuid":"\#(Sample.vm)"}"#) == "{\"ok\":true}\n")
        let reply = try standIn.request("GET", Self.path)
        #expect((reply == .notFound) == isOn)
    }

    @Test("A list is withheld while one network is unknown")
    func unknownNetwork() throws {
        let standIn = try StandIn()
        func known(_ value: Bool) throws {
            let line = #"{"command":"known","network":"\#(Sample.secondVN)","value":\#(value)}"#
            #expect(try standIn.control(line) == "{\"ok\":true}\n")
        }
        try known(false)
        #expect(try standIn.request("GET", Self.path) == .notFound)
        try known(true)
        #expect(try standIn.request("GET", Self.path)?.body.count == 808)
    }

    @Test("Interfaces arrive one after another")
    func arrival() throws {
        var configuration = Configuration.sample()
        configuration.firstArrival = 200
        configuration.nextArrival = 300
        let standIn = try StandIn(configuration)
        func count() throws -> Int {
            try #require(try standIn.request("GET", Self.path)).body.text.matches(of: /"id"/).count
        }
        #expect(try count() == 0)
        usleep(300_000)
        #expect(try count() == 1)
        usleep(350_000)
        #expect(try count() == 2)
    }

    @Test("sub-interface is one event behind")
    func parent() throws {
        let standIn = try StandIn()
        let pod = """
            {"command":"add-pod","pod":{"name":"sub","uuid":"\(Sample.secondVN)","interfaces":[{"network":\
            "\(Sample.vn)","vmi":"00000000-0000-0000-0000-000000000001","vlan":7,"parent":"\(Sample.vmi)"}]}}
            """
        #expect(try standIn.control(pod) == "{\"ok\":true}\n")
        func shown() throws -> String {
            try #require(try standIn.request("GET", "/vm-cfg/k8s__default__sub")).body.text
        }
        #expect(try shown().contains("\"sub-interface\": false,\n    \"vlan-id\": 7,"))
        #expect(
            try standIn.control(#"{"command":"touch","uuid":"\#(Sample.secondVN)"}"#) == "{\"ok\":true}\n"
        )
        #expect(try shown().contains("\"sub-interface\": true,"))
    }

    @Test("A sub-interface is shown without POST, if its parent is known and is none itself")
    func subInterface() throws {
        let standIn = try StandIn()
        let (machine, network) = ("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c77", Sample.vn)
        func add(_ number: Int, parent: String) throws {
            let line = """
                {"command":"add-pod","pod":{"name":"sub","uuid":"\(machine)","interfaces":[{"network":"\(network)",\
                "vmi":"00000000-0000-0000-0000-00000000000\(number)","vlan":10\(number),"v4":"10.32.0.20\(number)",\
                "parent":"\(parent)"}]}}
                """
            let reply = try standIn.control(line)
            #expect(reply == "{\"ok\":true}\n")
        }
        func shown(_ number: Int) throws -> String? {
            let path = "/vm/\(machine)/00000000-0000-0000-0000-00000000000\(number)"
            return try standIn.request("GET", path)?.body.text
        }
        try add(1, parent: Sample.vmi)
        let first = try #require(try shown(1))
        #expect(first.contains("\"system-name\": \"\",\n    \"rx-vlan-id\": 101,\n    \"tx-vlan-id\": 101,"))
        #expect(first.contains("\"ip-address\": \"10.32.0.201\""))
        // The parent is a sub-interface, or not known: the agent makes none.
        try add(2, parent: "00000000-0000-0000-0000-000000000001")
        try add(3, parent: "00000000-0000-0000-0000-000000000009")
        for number in 2...3 {
            let reply = try standIn.request(
                "GET",
                "/vm/\(machine)/00000000-0000-0000-0000-00000000000\(number)"
            )
            #expect(reply == .notFound)
        }
    }

    @Test("An unknown pod is provisioned once, with what kube-manager would give it")
    func provisioning() throws {
        var configuration = Configuration.sample()
        configuration.autoProvision = true
        configuration.defaultNetwork = configuration.networks.first?.id
        let standIn = try StandIn(configuration)
        let first = try #require(try standIn.request("GET", "/vm-cfg/k8s__ns__a")).body
        #expect(try standIn.request("GET", "/vm-cfg/k8s__ns__a")?.body == first)
        #expect(first.text.contains("{namespace:ns}") && first.text.contains("{index:0/1}"))
        #expect(try standIn.request("GET", "/vm-cfg/k8s__ns__b")?.body != first)
        #expect(try standIn.request("GET", "/vm-cfg/none") == .notFound)
        let pod = try standIn.control(#"{"command":"pod","name":"k8s__ns__b"}"#)
        #expect(pod.contains("\"v4\":\"10.32.0.2\",\"v6\":\"fd00:47::2\""))
    }

    @Test("Only the owner can reach the control socket")
    func mode() throws {
        var status = stat()
        #expect(stat(StandInTestsSupport.shared.folder + "/run/control.sock", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("Statistics count requests and the time inside")
    func statistics() throws {
        let standIn = try StandIn()
        for _ in 0..<3 { _ = try standIn.request("GET", Self.path) }
        _ = try standIn.request("GET", "/x")
        let shown = try standIn.control(#"{"command":"statistics"}"#)
        #expect(shown.contains("\"requests\":4") && shown.contains("\"codes\":{\"200\":3,\"404\":1}"))
        #expect(shown.contains("\"calls\":{\"GET /vm-cfg\":3,\"GET /x\":1}"))
        #expect(try standIn.control(#"{"command":"reset-statistics"}"#) == "{\"ok\":true}\n")
        #expect(try standIn.control(#"{"command":"statistics"}"#).contains("\"requests\":0"))
    }

    @Test(
        "Control lines that are wrong say what is wrong",
        arguments: [
            ("x", "is not JSON"), ("{}", "command: is missing"),
            (#"{"command":"x"}"#, "command: x is not a command"),
            (#"{"command":"set","switch":"x"}"#, "switch: x is not a switch"),
            (#"{"command":"set","swich":"x"}"#, "swich: unknown key"),
            (#"{"command":"fault","fault":{"kind":"x"}}"#, "fault.kind: x is not a kind of fault"),
            (#"{"command":"delete-pod","uuid":"x"}"#, "uuid: x is not a UUID in lower case"),
        ]
    )
    func wrong(_ line: String, _ problem: String) throws {
        #expect(try StandInTestsSupport.shared.control(line) == "{\"ok\":false,\"error\":\"\(problem)\"}\n")
    }
}
