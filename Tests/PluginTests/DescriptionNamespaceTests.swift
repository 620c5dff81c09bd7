// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// tap-bridge describes the guest from the kernel and the result together, whatever plugin set the veth up.
@Suite(.serialized) struct DescriptionNamespaceTests {
    /// A veth as another plugin left it, its result, and what the record must tell of the guest.
    struct Scene: CustomTestStringConvertible {
        let what: String
        /// Commands of ip(8) in the pod's namespace.
        var kernel: [String] = []
        var interfaces = #"[{"name": "hostend"}, {"name": "eth0", "sandbox": "/run/netns/x"}]"#
        var ips = "[]"
        var routes = "[]"
        var addresses: [String] = []
        /// Default gateways; those outside the networks with "!".
        var gateways: [String] = []
        /// Further routes: "destination gateway", or "destination" alone.
        var others: [String] = []
        var testDescription: String { what }
    }

    static let scenes = [
        Scene(
            what: "Calico's: /32, the gateway only in the kernel, addresses under the node's end",
            kernel: [
                "addr add 10.65.0.5/32 dev eth0", "route add 169.254.1.1 dev eth0 scope link",
                "route add default via 169.254.1.1 dev eth0", "addr add fd00:65::5/128 dev eth0 nodad",
                "-6 route add fe80::eeee dev eth0", "-6 route add default via fe80::eeee dev eth0",
            ],
            interfaces: #"[{"name": "cali0123456789a"}]"#,
            ips:
                #"[{"interface": 0, "address": "10.65.0.5/32"}, {"interface": 0, "address": "fd00:65::5/128"}]"#,
            addresses: ["10.65.0.5/32", "fd00:65::5/128"],
            gateways: ["!169.254.1.1", "fe80::eeee"]
        ),
        Scene(
            what: "a default route that names a gateway of its own",
            kernel: ["addr add 10.1.0.5/24 dev eth0", "route add default via 10.1.0.9"],
            ips: #"[{"interface": 1, "address": "10.1.0.5/24", "gateway": "10.1.0.1"}]"#,
            routes: #"[{"dst": "0.0.0.0/0", "gw": "10.1.0.9"}]"#,
            addresses: ["10.1.0.5/24"],
            gateways: ["10.1.0.9"]
        ),
        Scene(
            what: "the same, where only the result tells",
            ips: #"[{"interface": 1, "address": "10.1.0.5/24", "gateway": "10.1.0.1"}]"#,
            routes: #"[{"dst": "10.9.0.0/16"}, {"dst": "0.0.0.0/0", "gw": "10.1.0.9"}]"#,
            addresses: ["10.1.0.5/24"],
            gateways: ["10.1.0.9"],
            others: ["10.9.0.0/16 10.1.0.1"]
        ),
        Scene(
            what: "two ranges with two gateways",
            kernel: [
                "addr add 10.1.0.5/24 dev eth0", "addr add 10.2.0.5/24 dev eth0",
                "addr add fd00:1::5/64 dev eth0 nodad", "route add default via 10.1.0.1",
                "-6 route add default via fd00:1::1 dev eth0",
            ],
            ips: """
                [{"interface": 1, "address": "10.1.0.5/24", "gateway": "10.1.0.1"},
                 {"interface": 1, "address": "10.2.0.5/24", "gateway": "10.2.0.1"},
                 {"interface": 1, "address": "fd00:1::5/64", "gateway": "fd00:1::1"}]
                """,
            routes: #"[{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]"#,
            addresses: ["10.1.0.5/24", "10.2.0.5/24", "fd00:1::5/64"],
            gateways: ["10.1.0.1", "fd00:1::1"]
        ),
        Scene(
            what: "two ranges with two gateways, where only the result tells",
            ips: """
                [{"interface": 1, "address": "10.1.0.5/24", "gateway": "10.1.0.1"},
                 {"interface": 1, "address": "10.2.0.5/24", "gateway": "10.2.0.1"}]
                """,
            routes: #"[{"dst": "0.0.0.0/0"}]"#,
            addresses: ["10.1.0.5/24", "10.2.0.5/24"],
            gateways: ["10.1.0.1"]
        ),
        Scene(
            what: "a gateway only in routes, and an interface without a sandbox",
            interfaces: #"[{"name": "eth0", "mac": "02:00:00:00:00:01"}]"#,
            ips: #"[{"interface": 0, "address": "10.1.0.5/24"}]"#,
            routes: #"[{"dst": "0.0.0.0/0", "gw": "10.1.0.1"}, {"dst": "192.168.0.0/16", "gw": "10.1.0.2"}]"#,
            addresses: ["10.1.0.5/24"],
            gateways: ["10.1.0.1"],
            others: ["192.168.0.0/16 10.1.0.2"]
        ),
        Scene(
            what: "addresses of another interface, and one beyond the list",
            kernel: ["link add other", "addr add 10.7.0.5/24 dev other"],
            interfaces:
                #"[{"name": "hostend"}, {"name": "eth0", "sandbox": "/x"}, {"name": "net1", "sandbox": "/x"}]"#,
            ips: """
                [{"interface": 2, "address": "10.8.0.5/24", "gateway": "10.8.0.1"}, {"address": "10.7.0.5/24"},
                 {"interface": 9, "address": "10.1.0.5/24"}]
                """,
            addresses: ["10.1.0.5/24"]
        ),
        Scene(
            what: "all only in the kernel: addresses, routes, a metric, a link without a gateway",
            kernel: [
                "addr add 10.1.0.5/24 dev eth0", "addr add 169.254.7.7/16 dev eth0",
                "route add 10.5.0.0/16 dev eth0", "route add 10.6.0.0/16 via 10.1.0.8",
                "route add 172.16.0.9 via 10.250.0.1 dev eth0 onlink",
                "route add default via 10.1.0.1 metric 50",
            ],
            interfaces: "[]",
            addresses: ["10.1.0.5/24", "169.254.7.7/16"],
            gateways: ["10.1.0.1"],
            others: ["10.5.0.0/16", "10.6.0.0/16 10.1.0.8", "172.16.0.9/32 10.250.0.1"]
        ),
        Scene(
            what: "a default route without a gateway, and a point-to-point address",
            kernel: ["addr add 10.1.0.5 peer 10.1.0.6/32 dev eth0", "route add default dev eth0"],
            addresses: ["10.1.0.5/32"],
            others: ["0.0.0.0/0", "10.1.0.6/32"]
        ),
        Scene(
            what: "a default route that another interface has",
            kernel: [
                "link add other", "addr add 10.7.0.5/24 dev other",
                "route add default via 10.7.0.1", "addr add 10.1.0.5/24 dev eth0",
            ],
            ips: #"[{"interface": 1, "address": "10.1.0.5/24", "gateway": "10.1.0.1"}]"#,
            routes: #"[{"dst": "0.0.0.0/0"}]"#,
            addresses: ["10.1.0.5/24"]
        ),
        Scene(
            what: "another prefix length in the kernel than in the result",
            kernel: ["addr add 10.1.0.5/32 dev eth0"],
            ips: #"[{"interface": 1, "address": "10.1.0.5/24"}]"#,
            addresses: ["10.1.0.5/32"]
        ),
        Scene(what: "nothing at all"),
    ]

    private func bridge(_ lab: PluginLab, _ result: String) -> String {
        """
        {"cniVersion": "1.0.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"\
        \(PluginLab.vmInterface), "prevResult": \(result)}
        """
    }

    private func set(up commands: [String], in pod: TestPod) throws {
        for command in [
            "link add eth0 type veth peer name peer0", "link set eth0 up", "link set peer0 up",
        ] + commands {
            // Not every kernel has dummies.
            let other = "link add other type veth peer name other0; link set other up; link set other0 up"
            try ip(command == "link add other" ? other : command, in: pod)
        }
    }

    /// Runs commands of ip(8), divided by semicolons.
    private func ip(_ commands: String, in pod: TestPod) throws {
        for command in commands.split(separator: ";") {
            try TestProgram.succeed("sh", "-ec", "ip -n \(pod.namespace.name) \(command)")
        }
    }

    @Test(.rule("BRIDGE-1"), arguments: scenes)
    func `the guest has what the pod's interface has`(scene: Scene) throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("vm")
        try set(up: scene.kernel, in: pod)
        let result = """
            {"cniVersion": "1.0.0", "interfaces": \(scene.interfaces), "ips": \(scene.ips), "routes": \(scene.routes),
             "dns": {"nameservers": ["10.96.0.10"]}}
            """
        let outcome = try pod.call("tap-bridge", "ADD", bridge(lab, result))
        #expect(outcome.status == 0, "\(outcome.output)")
        let record = lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(record.utf8)) as? [String: Any])
        let guest = try #require(fields["guest"] as? [String: Any])
        #expect(guest["addresses"] as? [String] == scene.addresses)
        let gateways = (guest["gateways"] as? [[String: Any]] ?? []).filter { $0["default"] as? Bool == true }
            .map {
                "\($0["onLink"] as? Bool == true ? "!" : "")\($0["address"] ?? "")"
            }
        #expect(gateways == scene.gateways)
        let routes = (guest["routes"] as? [[String: Any]] ?? []).map { route in
            "\(route["destination"] ?? "")" + (route["gateway"].map { " \($0)" } ?? "")
        }
        #expect(routes == scene.others)
        #expect((guest["dns"] as? [String: [String]])?["servers"] == ["10.96.0.10"])
        #expect(try pod.call("tap-bridge", "DEL", bridge(lab, result)).status == 0)
    }

    @Test(
        .rule("BRIDGE-2"),
        arguments: [
            (
                ["addr add 10.1.0.5/24 dev eth0", "route add default via 10.1.0.1 table 100"],
                "via 10.1.0.1 in table 100"
            ),
            (
                [
                    "addr add 10.1.0.5/24 dev eth0", "route add default via 10.1.0.1",
                    "route add default via 10.1.0.2 metric 9",
                ], "a default route via 10.1.0.2"
            ),
            (
                [
                    "addr add 10.1.0.5/24 dev eth0",
                    "route add default nexthop via 10.1.0.1 nexthop via 10.1.0.2",
                ], "a default route via 10.1.0.2"
            ),
            (
                [
                    "addr add 10.1.0.5/24 dev eth0", "addr add fd00:1::5/64 dev eth0 nodad",
                    "-4 route add default via inet6 fd00:1::1 dev eth0",
                ], "a default route through a gateway of the other family"
            ),
        ]
    )
    func `a default route that the guest would not have is named, and nothing is left`(
        kernel: [String],
        said: String
    ) throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("vm")
        try set(up: kernel, in: pod)
        let before = try pod.namespace.dump()
        let error = try pod.call("tap-bridge", "ADD", bridge(lab, #"{"interfaces": [], "ips": []}"#)).error()
        #expect(error.code == 999 && error.message.contains(said), "\(error)")
        #expect(try pod.namespace.dump() == before)
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test(.rule("BRIDGE-1"))
    func `what a plugin between contrail-cni and tap-bridge added is the guest's, too`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let first = try pod.call("contrail-cni", "ADD", lab.contrail("1.0.0"))
        try ip("addr add 10.47.9.9/32 dev eth0; route add 10.5.0.0/16 via 10.47.255.254", in: pod)
        let outcome = try pod.call("tap-bridge", "ADD", bridge(lab, first.output))
        #expect(outcome.status == 0, "\(outcome.output)")
        let record = lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        #expect(record.contains(#""addresses":["10.47.0.1/16","fd00:47::1/64","10.47.9.9/32"]"#), "\(record)")
        #expect(
            record.contains(#""destination":"10.5.0.0/16""#) && record.contains(#""dhcp":"agent""#),
            "\(record)"
        )
        #expect(record.contains(#"{"address":"10.47.255.254","onLink":false,"default":true}"#), "\(record)")
        #expect(try pod.call("tap-bridge", "DEL", bridge(lab, first.output)).status == 0)
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail("1.0.0")).status == 0)
    }
}
