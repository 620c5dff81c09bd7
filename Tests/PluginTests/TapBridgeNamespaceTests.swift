// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct TapBridgeNamespaceTests {
    private static let gateway: [UInt8] = [10, 47, 255, 254]

    private func configuration(
        _ lab: PluginLab,
        previous: String?,
        more: String = PluginLab.vmInterface
    ) -> String {
        let result = previous.map { ", \"prevResult\": \($0)" } ?? ""
        return """
            {"cniVersion": "1.0.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"\(more)\(result)}
            """
    }

    private func mac(_ text: String) -> [UInt8] {
        text.split(separator: ":").compactMap { UInt8($0, radix: 16) }
    }

    @Test func `a VM behind the redirect reaches the network, and DEL puts the veth back`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let first = try pod.call("contrail-cni", "ADD", lab.contrail("1.0.0"))
        // Once pings go through, the kernel has finished setting the link up by itself.
        #expect(try pod.namespace.pings("10.47.255.254") && pod.namespace.pings("fd00:47::fe"))
        let before = (
            try pod.namespace.dump(), lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        )
        let outcome = try pod.call("tap-bridge", "ADD", configuration(lab, previous: first.output))
        let interfaces = try #require(
            try outcome.document()["interfaces"] as? [[String: Any]],
            "\(outcome.output)"
        )
        #expect(interfaces.count == 3)
        let tap = try #require(interfaces[2]["name"] as? String)
        let link = try TestProgram.succeed("ip", "-n", pod.namespace.name, "-d", "link", "show", tap)
        for word in ["vnet_hdr on", "multi_queue", "persist on", "user 64200", "mtu 1500"] {
            #expect(link.contains(word), "\(word)")
        }
        let own = mac(try #require(interfaces[1]["mac"] as? String))
        do {
            let vm = try TestTap(tap, in: pod.namespace)
            let answer = vm.arp(for: Self.gateway, from: [10, 47, 0, 1], mac: own)
            #expect(answer == [0, 0, 0x5E, 0, 1, 0])
        }
        for _ in 1...2 {
            #expect(
                try pod.call("tap-bridge", "DEL", configuration(lab, previous: outcome.output)).status == 0
            )
            let after = (
                try pod.namespace.dump(), lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
            )
            #expect(after.0 == before.0)
            #expect(after.1 == before.1)
        }
        #expect(try pod.namespace.pings("10.47.255.254"))
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail("1.0.0")).status == 0)
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test func `the tap sends at once, without the kernel's queues`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let first = try pod.call("contrail-cni", "ADD", lab.contrail("1.0.0"))
        let result = try pod.call("tap-bridge", "ADD", configuration(lab, previous: first.output)).document()
        let interfaces = try #require(result["interfaces"] as? [[String: Any]])
        let tap = try #require(interfaces[2]["name"] as? String)
        let qdiscs = try pod.namespace.qdiscs(of: tap)
        #expect(qdiscs == ["noqueue", "ingress"])
    }

    @Test func `it runs after Debian's bridge plugin, without an agent`() throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("vm")
        let bridge = """
            {"cniVersion": "1.0.0", "name": "pods", "type": "bridge", "bridge": "cvtbr0", "isGateway": true, "mtu": 1400,
             "ipam": {"type": "host-local", "dataDir": "\(lab.folder.path)/ipam", "subnet": "10.99.0.0/24",
              "routes": [{"dst": "0.0.0.0/0"}]}}
            """
        let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        let first = try pod.call("/usr/lib/cni/bridge", "ADD", bridge, variables: variables)
        #expect(first.status == 0, "\(first.output)")
        let outcome = try pod.call("tap-bridge", "ADD", configuration(lab, previous: first.output))
        let interfaces = try #require(
            try outcome.document()["interfaces"] as? [[String: Any]],
            "\(outcome.output)"
        )
        let tap = try #require(interfaces.last?["name"] as? String)
        let record = lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        #expect(
            record.contains(#""mtu":1400"#) && record.contains(#""dhcp":"nobody""#)
                && !record.contains(#""port""#)
        )
        let own = mac(try #require(interfaces.first { $0["name"] as? String == "eth0" }?["mac"] as? String))
        do {
            let vm = try TestTap(tap, in: pod.namespace)
            #expect(vm.arp(for: [10, 99, 0, 1], from: [10, 99, 0, 2], mac: own) != nil)
        }
        for _ in 1...2 {
            #expect(
                try pod.call("tap-bridge", "DEL", configuration(lab, previous: outcome.output)).status == 0
            )
        }
        #expect(try pod.call("/usr/lib/cni/bridge", "DEL", bridge, variables: variables).status == 0)
        #expect(lab.folder.files().filter { $0.hasPrefix("run/") } == [])
    }

    @Test func `a container passes through untouched, unknown keys included`() throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("web")
        let previous =
            #"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/x","extra":9007199254740993}],"vendor":{"a":[1,2]},"dns":{}}"#
        let outcome = try pod.call("tap-bridge", "ADD", configuration(lab, previous: previous, more: ""))
        #expect(outcome.output == previous + "\n")
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test func `what is missing or wrong is named, and nothing is left`() throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("vm")
        let before = try pod.namespace.dump()
        let unchained = try pod.call("tap-bridge", "ADD", configuration(lab, previous: nil)).error()
        #expect(unchained.code == 7 && unchained.message.contains("prevResult is missing"))
        let empty = #"{"cniVersion":"1.0.0","interfaces":[],"ips":[]}"#
        let noInterface = try pod.call("tap-bridge", "ADD", configuration(lab, previous: empty)).error()
        #expect(noInterface.message.contains("there is no interface eth0"))
        let name = try pod.call(
            "tap-bridge",
            "ADD",
            configuration(lab, previous: empty),
            variables: ["CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=../../x"]
        ).error()
        #expect(name.code == 4 && name.message.contains("K8S_POD_NAME"))
        let way = try pod.call(
            "tap-bridge",
            "ADD",
            configuration(lab, previous: empty, more: #", "way": "magic""#)
        ).error()
        #expect(way.code == 7 && way.message.contains("\"way\""))
        let after = try pod.namespace.dump()
        #expect(after == before)
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test func `an ADD that was killed is undone by DEL`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let first = try pod.call("contrail-cni", "ADD", lab.contrail("1.0.0"))
        // Once pings go through, the kernel has finished setting the link up by itself.
        #expect(try pod.namespace.pings("10.47.255.254") && pod.namespace.pings("fd00:47::fe"))
        let before = (
            try pod.namespace.dump(), lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        )
        for (call, counts) in [("sendmsg", 1...8), ("rename", 1...2), ("ioctl", 1...3), ("setns", 1...4)] {
            for count in counts {
                let wrapper = [
                    "strace", "-f", "-o", "/dev/null", "-e", "inject=\(call):signal=KILL:when=\(count)",
                ]
                _ = try pod.call(
                    "tap-bridge",
                    "ADD",
                    configuration(lab, previous: first.output),
                    wrapper: wrapper
                )
                #expect(try pod.call("tap-bridge", "DEL", configuration(lab, previous: nil)).status == 0)
                let after = (
                    try pod.namespace.dump(), lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
                )
                #expect(after.0 == before.0, "\(call) \(count)")
                #expect(after.1 == before.1, "\(call) \(count)")
            }
        }
    }
}
