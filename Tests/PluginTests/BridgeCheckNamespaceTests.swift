// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// CHECK of tap-bridge compares the tap, its queueing disciplines and redirects with the record.
@Suite(.serialized) struct BridgeCheckNamespaceTests {
    @Test(.rule("CHECK-1"))
    func `CHECK of tap-bridge names tap, qdiscs, filters and their targets`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        func configuration(_ previous: String) -> String {
            """
            {"cniVersion": "1.1.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"
             \(PluginLab.vmInterface), "prevResult": \(previous)}
            """
        }
        let first = try pod.call("contrail-cni", "ADD", lab.contrail()).output
        let outcome = try pod.call("tap-bridge", "ADD", configuration(first))
        let interfaces = try #require(try outcome.document()["interfaces"] as? [[String: Any]])
        let tap = try #require(interfaces.last?["name"] as? String)
        func check() throws -> TestProgram.Outcome {
            try pod.call("tap-bridge", "CHECK", configuration(outcome.output))
        }
        let fine = try check()
        #expect(fine.status == 0 && fine.output.isEmpty, "\(fine.output)")
        // The veth keeps its addresses, so the plugin before finds all in place as well.
        let before = try pod.call(
            "contrail-cni",
            "CHECK",
            lab.contrail(more: ", \"prevResult\": \(outcome.output)")
        )
        #expect(before.status == 0, "\(before.output)")
        let pods = pod.namespace.name
        let filter = "parent ffff: protocol all pref 1 handle 800::800 u32 match u32 0 0"
        func redirect(_ from: String, _ to: String) -> String {
            "tc -n \(pods) filter add dev \(from) \(filter) action mirred egress redirect dev \(to)"
        }
        func remade(_ from: String, _ to: String) -> String {
            """
            tc -n \(pods) qdisc del dev \(from) ingress 2>/dev/null || :
            tc -n \(pods) qdisc add dev \(from) ingress; \(redirect(from, to))
            """
        }
        for (command, undo, said) in [
            (
                "ip -n \(pods) link set \(tap) mtu 1400", "ip -n \(pods) link set \(tap) mtu 1500",
                "\(tap): its MTU"
            ),
            ("ip -n \(pods) link set \(tap) down", "ip -n \(pods) link set \(tap) up", "\(tap): it is down"),
            ("ip -n \(pods) link set eth0 mtu 1400", "ip -n \(pods) link set eth0 mtu 1500", "eth0: its MTU"),
            (
                "tc -n \(pods) qdisc del dev eth0 ingress", remade("eth0", tap),
                "eth0: it has no ingress qdisc"
            ),
            (
                "tc -n \(pods) qdisc del dev \(tap) ingress", remade(tap, "eth0"),
                "\(tap): it has no ingress qdisc"
            ),
            (
                "tc -n \(pods) filter del dev eth0 parent ffff:", remade("eth0", tap),
                "eth0: its redirect filter is missing"
            ),
            (
                remade("eth0", "lo"), remade("eth0", tap),
                "eth0: its redirect leads to interface 1, not to \(tap)"
            ),
            (
                remade(tap, "lo"), remade(tap, "eth0"),
                "\(tap): its redirect leads to interface 1, not to eth0"
            ),
            (
                "ip -n \(pods) link del \(tap); ip -n \(pods) tuntap add \(tap) mode tap user 1 multi_queue vnet_hdr",
                "", "\(tap): its owner is 1, not 64200"
            ),
        ] {
            try TestProgram.succeed("sh", "-ec", command)
            let outcome = try check()
            let error = try outcome.error()
            #expect(error.code == 100 && error.message.contains(said), "\(command): \(outcome.output)")
            if undo.isEmpty { continue }
            try TestProgram.succeed("sh", "-ec", undo)
            let again = try check()
            #expect(again.status == 0, "\(command) undone: \(again.output)")
        }
    }
}
