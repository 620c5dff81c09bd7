// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the neighbours hear of a pod's addresses after an ADD.
@Suite(.serialized) struct AnnouncementNamespaceTests {
    /// What tcpdump(8) sees of ARP and ICMPv6.
    private final class Capture {
        private let process: TestProcess
        private let folder = TemporaryFolder()

        init(_ device: String, in namespace: TestNamespace) throws {
            process = try TestProgram.start(
                "ip",
                "netns",
                "exec",
                namespace.name,
                "sh",
                "-c",
                "exec timeout 30 tcpdump -l -n -e -i \(device) arp or icmp6 > \(folder.path)/seen 2> \(folder.path)/log"
            )
            for _ in 1...500 where !folder.text("log").contains("listening") { usleep(20_000) }
        }

        deinit { process.kill(SIGTERM) }

        private func lines(_ parts: [String]) -> [Substring] {
            folder.text("seen").split(separator: "\n").filter { line in parts.allSatisfy(line.contains) }
        }

        /// Expects a gratuitous ARP and a neighbour advertisement from a MAC address.
        func expect(_ v4: String, _ v6: String, from mac: String, times: ClosedRange<Int> = 1...1) {
            let arp = ["\(mac) ", "ARP", "Request who-has \(v4) tell \(v4)"]
            let advertisement = ["\(mac) ", "\(v6) > ff02::1: ICMP6, neighbor advertisement, tgt is \(v6)"]
            for _ in 1...250 where lines(arp).isEmpty || lines(advertisement).isEmpty { usleep(20_000) }
            #expect(times.contains(lines(arp).count), "\(folder.text("seen"))")
            #expect(times.contains(lines(advertisement).count), "\(folder.text("seen"))")
        }
    }

    private func mac(_ outcome: TestProgram.Outcome) throws -> String {
        let interfaces = try outcome.document()["interfaces"] as? [[String: Any]]
        return try #require(interfaces?.last?["mac"] as? String, "\(outcome.output)")
    }

    @Test(.rule("FAMILY-2"))
    func `the pod's kernel announces both addresses as its end comes up`() throws {
        let lab = try PluginLab(dataPlane: false)
        let capture = try Capture("any", in: lab.node)
        let outcome = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail())
        capture.expect("10.47.0.1", "fd00:47::1", from: try mac(outcome))
    }

    @Test(.rule("FAMILY-2"))
    func `both are announced where /proc/sys can't be written`() throws {
        let lab = try PluginLab(dataPlane: false)
        try lab.node.run(["sysctl", "-qw", "net.ipv6.conf.default.accept_ra=0"])
        let capture = try Capture("any", in: lab.node)
        let readOnly = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys"
        let pod = try lab.pod("web")
        let outcome = try pod.call(
            "contrail-cni",
            "ADD",
            lab.contrail(),
            wrapper: ["unshare", "--mount", "sh", "-ec", "\(readOnly); exec \"$@\"", "sh"]
        )
        capture.expect("10.47.0.1", "fd00:47::1", from: try mac(outcome))
        let setting = try pod.namespace.run(["cat", "/proc/sys/net/ipv6/conf/eth0/ndisc_notify"]).output
        #expect(setting == "0\n")
    }

    @Test(.rule("FAMILY-2"))
    func `the neighbours on a bridge of the simulator's hear of both addresses`() throws {
        let lab = try PluginLab()
        let neighbour = try lab.pod("neighbour")
        #expect(try neighbour.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try neighbour.namespace.pings("10.47.255.254"))
        let capture = try Capture("eth0", in: neighbour.namespace)
        let outcome = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail())
        // The kernel takes a fresh veth for running until it has looked: then the simulator announces twice.
        capture.expect("10.47.0.2", "fd00:47::2", from: try mac(outcome), times: 1...2)
    }

    @Test(.rule("FAMILY-2"))
    func `a neighbour's and the node's cache have the new pod's MAC address`() throws {
        let lab = try PluginLab()
        let neighbour = try lab.pod("neighbour")
        #expect(try neighbour.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try neighbour.namespace.pings("10.47.255.254"))
        let old = "02:00:00:00:00:99"
        let links = try TestProgram.succeed("ip", "-o", "-n", lab.node.name, "link")
        let bridge = try #require(links.firstMatch(of: /vrs-[0-9a-f]+/)).output
        for address in ["10.47.0.2", "fd00:47::2"] {
            for (namespace, device) in [(lab.node, String(bridge)), (neighbour.namespace, "eth0")] {
                try namespace.run([
                    "ip", "neigh", "replace", address, "lladdr", old, "dev", device, "nud", "reachable",
                ])
            }
        }
        let outcome = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail())
        #expect(outcome.status == 0, "\(outcome.output)")
        func known() throws -> String {
            try lab.node.run(["ip", "neigh"]).output + neighbour.namespace.run(["ip", "neigh"]).output
        }
        for _ in 1...100 where try known().contains(old) { usleep(20_000) }
        let entries = try known()
        #expect(!entries.contains(old), "\(entries)")
    }
}
