// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// ADD copes with what it finds in the pod and with what others wrote.
@Suite(.serialized) struct PodSettingsNamespaceTests {
    private func setting(_ name: String, _ pod: TestPod) throws -> String {
        try pod.namespace.run(["cat", "/proc/sys/net/ipv6/conf/\(name)"]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func switchOff(_ name: String, _ pod: TestPod) throws {
        let command = "echo 1 > /proc/sys/net/ipv6/conf/\(name)/disable_ipv6"
        let outcome = try pod.namespace.run(["sh", "-ec", command])
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(.rule("POD-1"))
    func `IPv6 that is switched off in the pod is switched on for our interface alone`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        for name in ["all", "default", "lo"] {
            let outcome = try pod.namespace.run([
                "sysctl", "-q", "-w", "net.ipv6.conf.\(name).disable_ipv6=1",
            ])
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail())
        #expect(try outcome.addresses() == ["10.47.0.1", "fd00:47::1"], "\(outcome.output)")
        #expect(try pod.namespace.pings("fd00:47::fe") && pod.namespace.pings("10.47.255.254"))
        for name in ["all", "default", "lo"] { #expect(try setting("\(name)/disable_ipv6", pod) == "1") }
        #expect(try setting("eth0/accept_ra", pod) == "0")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
    }

    @Test(.rule("POD-1"))
    func `IPv6 that is switched off stays so where the network has IPv4 alone`() throws {
        let v4 = """
            [{"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "name": "default-domain:k8s-default:pods",
              "v4": {"subnet": "10.47.0.0/16", "gateway": "10.47.255.254", "dns": "10.47.255.253"}}]
            """
        let lab = try PluginLab(networks: v4)
        let pod = try lab.pod("web")
        try switchOff("default", pod)
        #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try setting("eth0/disable_ipv6", pod) == "1")
    }

    @Test(.rule("POD-2"), arguments: ["clsact", "ingress"])
    func `tap-bridge hangs its filter into a qdisc that the veth has already, and leaves that there`(
        kind: String
    ) throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("vm")
        let name = pod.namespace.name
        for command in [
            "ip -n \(name) link add eth0 type veth peer name peer0", "ip -n \(name) link set eth0 up",
            "ip -n \(name) link set peer0 up", "ip -n \(name) addr add 10.1.0.5/24 dev eth0",
            "tc -n \(name) qdisc add dev eth0 \(kind)",
        ] { try TestProgram.succeed("sh", "-ec", command) }
        let before = try pod.namespace.dump()
        func bridge(_ result: String) -> String {
            """
            {"cniVersion": "1.0.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"\
            \(PluginLab.vmInterface), "prevResult": \(result)}
            """
        }
        // Another plugin's device with InfiniBand's 20 bytes in the result.
        let address = Array(repeating: "fe", count: 20).joined(separator: ":")
        let result =
            #"{"interfaces": [{"name": "ib0", "mac": "\#(address)"}, {"name": "eth0", "sandbox": "/x"}], "ips": []}"#
        let outcome = try pod.call("tap-bridge", "ADD", bridge(result))
        #expect(outcome.status == 0 && outcome.output.contains(address), "\(outcome.output)")
        let tap = try #require(
            (try outcome.document()["interfaces"] as? [[String: Any]])?.last?["name"] as? String
        )
        let filters = try TestProgram.succeed("tc", "-n", name, "filter", "show", "dev", "eth0", "ingress")
        #expect(filters.contains("Egress Redirect to device \(tap)"), "\(filters)")
        let check = try pod.call("tap-bridge", "CHECK", bridge(outcome.output))
        #expect(check.status == 0, "\(check.output)")
        #expect(try pod.call("tap-bridge", "DEL", bridge(outcome.output)).status == 0)
        #expect(try pod.namespace.dump() == before)
        let after = try TestProgram.succeed("tc", "-n", name, "filter", "show", "dev", "eth0", "ingress")
        #expect(!after.contains("mirred"), "\(after)")
    }

    @Test(.rule("POD-3"), arguments: ["", PluginLab.vmInterface])
    func `a burst below a jumbo frame lets a frame through all the same`(more: String) throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let limit =
            #""bandwidth": {"ingressRate": 80000000, "ingressBurst": 8, "egressRate": 80000000, "egressBurst": 4000}"#
        let config = more.isEmpty ? ", \"runtimeConfig\": {\(limit)}" : more.dropLast() + ", \(limit)}"
        let outcome = try pod.call(
            "contrail-cni",
            "ADD",
            lab.contrail(keys: #", "mtu": 9000"#, more: String(config))
        )
        #expect(outcome.status == 0, "\(outcome.output)")
        let text = try TestProgram.succeed("tc", "-j", "-n", lab.node.name, "qdisc")
        let qdiscs = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        let bursts = qdiscs.filter { $0["kind"] as? String == "tbf" }.compactMap {
            ($0["options"] as? [String: Any])?["burst"] as? Int
        }
        // The kernel keeps the burst as a time: tc(8) shows a few bytes less.
        #expect(bursts.count == 2 && bursts.allSatisfy { $0 >= 9000 }, "\(text)")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
    }
}
