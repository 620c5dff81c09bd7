// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ContrailAddNamespaceTests {
    @Test func `two containers reach each other and the gateway over IPv4 and IPv6`() throws {
        let lab = try PluginLab()
        let (one, two) = (try lab.pod("one"), try lab.pod("two"))
        let first = try one.call("contrail-cni", "ADD", lab.contrail())
        #expect(first.status == 0, "\(first.output) \(first.errors)")
        let second = try two.call("contrail-cni", "ADD", lab.contrail())
        let addresses = try second.addresses()
        #expect(addresses.count == 2)
        for address in addresses + ["10.47.255.254", "fd00:47::fe"] {
            #expect(try one.namespace.pings(address), "\(address)")
        }
        let neighbour = try TestProgram.succeed(
            "ip",
            "-n",
            one.namespace.name,
            "neigh",
            "show",
            "10.47.255.254"
        )
        #expect(neighbour.contains("00:00:5e:00:01:00"))
    }

    @Test(.rule("ADD-1"), arguments: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])
    func `the result has the version and shape of the configuration`(version: String) throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(version))
        let result = try outcome.document()
        #expect(result["cniVersion"] as? String == version)
        if version < "0.3.0" {
            #expect((result["ip4"] as? [String: Any])?["ip"] as? String == "10.47.0.1/16")
            #expect((result["ip6"] as? [String: Any])?["ip"] as? String == "fd00:47::1/64")
        } else {
            let ips = try #require(result["ips"] as? [[String: Any]])
            #expect(ips.map { $0["address"] as? String } == ["10.47.0.1/16", "fd00:47::1/64"])
            #expect(ips.map { $0["version"] as? String } == (version < "1.0.0" ? ["4", "6"] : [nil, nil]))
            let interfaces = try #require(result["interfaces"] as? [[String: Any]])
            #expect(interfaces.count == 2)
            #expect(interfaces[1]["sandbox"] as? String == pod.namespace.path)
            #expect((interfaces[1]["mtu"] as? Int) == (version == "1.1.0" ? 1500 : nil))
        }
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail(version)).status == 0)
    }

    @Test func `ADD then DEL leaves node and pod as they were`() throws {
        let lab = try PluginLab()
        let other = try lab.pod("other")
        #expect(try other.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let pod = try lab.pod("web")
        func system() throws -> String {
            try TestProgram.succeed("cat", "/proc/self/mounts") + TestProgram.succeed("ip", "netns", "list")
        }
        let before = (try lab.node.dump(), try pod.namespace.dump(), try lab.leftovers(), try system())
        for more in ["", PluginLab.vmInterface] {
            #expect(try pod.call("contrail-cni", "ADD", lab.contrail(more: more)).status == 0)
            #expect(try lab.leftovers() != before.2)
            #expect(try pod.call("contrail-cni", "DEL", lab.contrail(more: more)).status == 0)
            let after = (try lab.node.dump(), try pod.namespace.dump(), try lab.leftovers(), try system())
            #expect(after.0 == before.0)
            #expect(after.1 == before.1)
            #expect(after.2 == before.2)
            #expect(after.3 == before.3, "mounts and namespaces")
        }
    }

    @Test func `the interface has the agent's MAC, the MTU, routes and name servers`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let result = try pod.call("contrail-cni", "ADD", lab.contrail(keys: #", "mtu": 1400"#)).document()
        let link = try TestProgram.succeed("ip", "-n", pod.namespace.name, "link", "show", "eth0")
        let mac = try #require((result["interfaces"] as? [[String: Any]])?[1]["mac"] as? String)
        #expect(link.contains("mtu 1400") && link.contains(mac))
        let routes = try TestProgram.succeed("ip", "-n", pod.namespace.name, "route")
        #expect(routes.contains("default via 10.47.255.254 dev eth0"))
        let v6 = try TestProgram.succeed("ip", "-n", pod.namespace.name, "-6", "route")
        #expect(v6.contains("default via fd00:47::fe dev eth0"))
        let servers = (result["dns"] as? [String: Any])?["nameservers"] as? [String]
        #expect(servers == ["10.47.255.253", "fd00:47::fd"])
    }

    @Test func `MTU auto is vhost0's less the tunnel's overhead, and an error without vhost0`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let configuration = lab.contrail(keys: #", "mtu": "auto""#)
        let refused = try pod.call("contrail-cni", "ADD", configuration)
        #expect(refused.status == 1)
        #expect(
            try refused.document()["msg"] as? String
                == "contrail.mtu is \"auto\", but this node has no vhost0; give a number"
        )
        try TestProgram.succeed(
            "ip",
            "-n",
            lab.node.name,
            "link",
            "add",
            "vhost0",
            "mtu",
            "9000",
            "type",
            "bridge"
        )
        let result = try pod.call("contrail-cni", "ADD", configuration).document()
        #expect((result["interfaces"] as? [[String: Any]])?[1]["mtu"] as? Int == 8950)
    }

    @Test func `a VM gets a persistent multi-queue tap with its owner, and the agent's bridge stays unseen`()
        throws
    {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let result = try pod.call("contrail-cni", "ADD", lab.contrail(more: PluginLab.vmInterface)).document()
        let interfaces = try #require(result["interfaces"] as? [[String: Any]])
        let tap = try #require(interfaces[0]["name"] as? String)
        #expect(interfaces[0]["sandbox"] == nil)
        #expect(interfaces[1]["name"] as? String == "eth0")
        #expect(interfaces[1]["sandbox"] as? String == pod.containerID)
        #expect((result["ips"] as? [[String: Any]])?.map { $0["interface"] as? Int } == [1, 1])
        let link = try TestProgram.succeed("ip", "-n", lab.node.name, "-d", "link", "show", tap)
        for word in [
            "tun type tap", "pi off", "vnet_hdr on", "multi_queue", "persist on", "user 64200", "mtu 1500",
        ] {
            #expect(link.contains(word), "\(word)")
        }
        let addresses = try TestProgram.succeed("ip", "-n", lab.node.name, "addr", "show", tap)
        #expect(!addresses.contains("inet6"))
        let record = lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        #expect(record.contains(#""attachment":{"type":"tap""#) && !record.contains("vrs-"))
    }

    @Test(arguments: [false, true])
    func `a VM's tap sends at once, without the kernel's queues, unless it is limited`(isLimited: Bool) throws
    {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let limit =
            #", "bandwidth": {"ingressRate": 8000000, "ingressBurst": 80000, "egressRate": 4000000, "egressBurst": 80000}}"#
        let more = isLimited ? PluginLab.vmInterface.dropLast() + limit : PluginLab.vmInterface
        let result = try pod.call("contrail-cni", "ADD", lab.contrail(more: more)).document()
        let interfaces = try #require(result["interfaces"] as? [[String: Any]])
        let tap = try #require(interfaces[0]["name"] as? String)
        // No mq either, whose queues have the default qdisc each.
        let qdiscs = try lab.node.qdiscs(of: tap)
        #expect(qdiscs == (isLimited ? ["tbf", "ingress"] : ["noqueue"]))
    }

    @Test func `records and folders are root's alone`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let base = "\(lab.folder.path)/run/interfaces"
        for (path, mode) in [
            (base, "700"), ("\(base)/\(pod.containerID)", "700"),
            ("\(base)/\(pod.containerID)/eth0.json", "600"),
        ] {
            #expect(try TestProgram.succeed("stat", "-c", "%a", path) == "\(mode)\n")
        }
    }
}

extension TestProgram.Outcome {
    /// The addresses of a result, without prefix lengths.
    func addresses() throws -> [String] {
        (try document()["ips"] as? [[String: Any]] ?? []).compactMap {
            ($0["address"] as? String)?.split(separator: "/").first.map(String.init)
        }
    }

    /// The message of an error document, after checking that it is one.
    func error() throws -> (code: Int, message: String) {
        let document = try document()
        return (document["code"] as? Int ?? -1, document["msg"] as? String ?? "")
    }
}
