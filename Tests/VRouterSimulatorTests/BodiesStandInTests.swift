// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// Success bodies, byte for byte, with times replaced by `T`: section 5 of the agent's record.
@Suite struct BodiesStandInTests {
    private func body(_ reply: Reply?) throws -> String {
        let reply = try #require(reply)
        #expect(reply.head == Reply(200, reply.body).head)
        return reply.body.text.replacing(/"time": "\d+:\d\d:\d\d(\.\d{6})?"/) { _ in "\"time\": \"T\"" }
    }

    private static let dualStack = """
        {
            "id": "\(Sample.vmi)",
            "instance-id": "\(Sample.vm)",
            "vn-id": "\(Sample.vn)",
            "vm-project-id": "\(Sample.zero)",
            "mac-address": "02:7c:1e:0b:52:3a",
            "system-name": "tapeth0-b0f5a0",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "ip-address": "10.47.255.249",
            "plen": 12,
            "dns-server": "10.47.255.253",
            "gateway": "10.47.255.254",
            "v6-ip-address": "fd00:47::f9",
            "v6-dns-server": "fd00:47::fd",
            "v6-gateway": "fd00:47::fe",
            "author": "contrail-vrouter-agent",
            "time": "T"
        }
        """

    private static let second = """
        {
            "id": "\(Sample.secondVMI)",
            "instance-id": "\(Sample.vm)",
            "vn-id": "\(Sample.secondVN)",
            "vm-project-id": "\(Sample.zero)",
            "mac-address": "00:00:00:00:00:00",
            "system-name": "tap2",
            "rx-vlan-id": 65535,
            "tx-vlan-id": 65535,
            "vhostuser-mode": 0,
            "ip-address": "10.1.2.3",
            "plen": 24,
            "dns-server": "0.0.0.0",
            "gateway": "0.0.0.0",
            "author": "contrail-vrouter-agent",
            "time": "T"
        }
        """

    @Test("GET /vm-cfg: 808 bytes")
    func configuration() throws {
        let reply = try StandInTestsSupport.shared.request("GET", "/vm-cfg/k8s__default__vm1")
        #expect(reply?.body.count == 808)
        #expect(
            try body(reply) == """
                [{
                    "id": "\(Sample.vmi)",
                    "vm-uuid": "\(Sample.vm)",
                    "vn-id": "\(Sample.vn)",
                    "vn-name": "default-domain:k8s-default:k8s-default-pod-network",
                    "mac-address": "02:7c:1e:0b:52:3a",
                    "sub-interface": false,
                    "vlan-id": 65535,
                    "annotations": [
                        "{kind:Pod}",
                        "{owner:k8s}",
                        "{cluster:k8s}",
                        "{namespace:default}",
                        "{name:vm1}",
                        "{index:0/2}",
                        "{network:default}"
                    ]
                },{
                    "id": "\(Sample.secondVMI)",
                    "vm-uuid": "\(Sample.vm)",
                    "vn-id": "\(Sample.secondVN)",
                    "vn-name": "default-domain:k8s-default:net-a",
                    "mac-address": "",
                    "sub-interface": false,
                    "vlan-id": 65535
                }]
                """
        )
    }

    @Test("GET /port and /vm: one object, an array of one, an array of two")
    func operational() throws {
        let standIn = try StandIn()
        let first = Sample.machinePort(["host-ifname": "\"tapeth0-b0f5a0\""])
        #expect(try standIn.request("POST", "/vm", first) == .ok)
        #expect(try body(try standIn.request("GET", "/port/\(Sample.vmi)")) == Self.dualStack)
        let one = try standIn.request("GET", "/vm/\(Sample.vm)/\(Sample.vmi)")
        #expect(try body(one) == "[\(Self.dualStack)]")
        let second = Sample.machinePort([
            "vmi-uuid": "\"\(Sample.secondVMI)\"", "vn-uuid": "\"\(Sample.secondVN)\"",
            "host-ifname": "\"tap2\"",
        ])
        #expect(try standIn.request("POST", "/vm", second) == .ok)
        let all = try standIn.request("GET", "/vm/\(Sample.vm)")
        #expect(try body(all) == "[\(Self.dualStack),\(Self.second)]")
    }

    @Test("State file of /port")
    func portFile() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/port", Sample.port(["type": "2"])) == .ok)
        let file = try #require(standIn.file(Sample.vmi))
        #expect(
            try body(Reply(200, Bytes(file))) == """
                {
                    "id": "\(Sample.vmi)",
                    "instance-id": "\(Sample.vm)",
                    "display-name": "vm1",
                    "ip-address": "11.0.0.3",
                    "ip6-address": "::",
                    "vn-id": "\(Sample.vn)",
                    "vm-project-id": "\(Sample.zero)",
                    "mac-address": "02:1a:f4:be:e3:04",
                    "system-name": "tap1af4bee3-04",
                    "type": 2,
                    "rx-vlan-id": 65535,
                    "tx-vlan-id": 65535,
                    "vhostuser-mode": 0,
                    "link-state": 0,
                    "author": "contrail-vrouter-agent",
                    "time": "T"
                }
                """
        )
    }

    @Test("State file of /vm")
    func machinePortFile() throws {
        let standIn = try StandIn()
        #expect(try standIn.request("POST", "/vm", Sample.machinePort()) == .ok)
        let file = try #require(standIn.file("vm/k8s__ns__p/\(Sample.vmi)"))
        #expect(
            try body(Reply(200, Bytes(file))) == """
                {
                    "vm-uuid": "\(Sample.vm)",
                    "vn-uuid": "\(Sample.vn)",
                    "vmi-uuid": "\(Sample.vmi)",
                    "vm-id": "cid",
                    "vm-name": "k8s__ns__p",
                    "host-ifname": "tap1",
                    "vm-ifname": "eth0",
                    "vm-namespace": "/proc/1/ns/net",
                    "author": "contrail-vrouter-agent",
                    "time": "T"
                }
                """
        )
    }

    @Test("Odd annotations are escaped for JSON, and not otherwise")
    func annotations() throws {
        let pod = """
            {"command":"add-pod","pod":{"name":"odd","uuid":"\(Sample.secondVN)","interfaces":[{"network":"\(Sample.vn)",\
            "vmi":"00000000-0000-0000-0000-000000000001","annotations":{"k\\"1":"v:1\\\\","{x}":"{y}","empty":"","":"nokey",\
            "nl":"a\\u000b\u{e9}/\u{7f}"}}]}}
            """
        let standIn = try StandIn()
        #expect(try standIn.control(pod) == "{\"ok\":true}\n")
        let shown = try body(try standIn.request("GET", "/vm-cfg/k8s__default__odd"))
        for line in [
            #""{k\"1:v:1\\}""#, #""{{x}:{y}}""#, #""{empty:}""#, #""{:nokey}""#,
            "\"{nl:a\\u000B\u{e9}/\u{7f}}\"",
        ] {
            #expect(shown.contains("        \(line)"))
        }
    }

    @Test("Lists are in the order of the UUIDs' bytes")
    func order() throws {
        let interfaces = ["ff", "80", "7f", "00"].map {
            #"{"network":"\#(Sample.vn)","vmi":"\#($0)000000-0000-0000-0000-000000000001"}"#
        }
        let pod =
            #"{"command":"add-pod","pod":{"name":"o","uuid":"\#(Sample.secondVN)","interfaces":["#
            + interfaces.joined(separator: ",") + "]}}"
        let standIn = try StandIn()
        #expect(try standIn.control(pod) == "{\"ok\":true}\n")
        let shown = try body(try standIn.request("GET", "/vm-cfg/k8s__default__o"))
        let ids = shown.matches(of: /"id": "(..)/).map { String($0.1) }
        #expect(ids == ["00", "7f", "80", "ff"])
    }

    @Test(
        "An agent's time is a duration",
        arguments: [
            (1_795_338_000_573_271 as Int64, "498705:00:00.573271"), (0, "00:00:00"),
            (61_000_000, "00:01:01"),
        ]
    )
    func time(_ microseconds: Int64, _ text: String) {
        #expect(AgentClock.text(microseconds: microseconds) == text)
    }
}
