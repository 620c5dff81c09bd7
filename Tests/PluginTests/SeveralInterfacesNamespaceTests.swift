// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Pods with several interfaces: one call for each under a meta plugin, or one call for all.
@Suite(.serialized) struct SeveralInterfacesNamespaceTests {
    static let networks = """
        [{"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "name": "default-domain:k8s-default:pods",
          "v4": {"subnet": "10.47.0.0/16", "gateway": "10.47.255.254", "dns": "10.47.255.253"}},
         {"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0002", "name": "default-domain:k8s-default:net-a",
          "v4": {"subnet": "10.48.0.0/16", "gateway": "10.48.255.254", "dns": "10.48.255.253"}},
         {"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0003", "name": "default-domain:k8s-default:net-b",
          "v6": {"subnet": "fd00:49::/64", "gateway": "fd00:49::fe", "dns": "fd00:49::fd"}}]
        """

    static let pod = """
        {"name": "web", "uuid": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11", "interfaces": [
          {"network": "default-domain:k8s-default:net-b", "vmi": "00000000-3a90-11ee-9c41-0242ac110003", "index": 2,
           "v6": "fd00:49::5", "annotations": {"network": "net-b", "interface": "data0"}},
          {"network": "default-domain:k8s-default:net-a", "vmi": "00000001-3a90-11ee-9c41-0242ac110002", "index": 1,
           "v4": "10.48.0.5", "annotations": {"network": "net-a"}},
          {"network": "default-domain:k8s-default:pods", "vmi": "7c1e0b52-3a90-11ee-9c41-0242ac110001", "index": 0,
           "v4": "10.47.0.5", "annotations": {"network": "default"}}]}
        """

    private func lab(_ more: String = "") throws -> PluginLab {
        try PluginLab(simulator: ", \"pods\": [\(Self.pod)]\(more)", networks: Self.networks)
    }

    private func configuration(
        _ lab: PluginLab,
        _ name: String,
        keys: String = #", "interfaces": "one""#,
        retries: Int = 2
    ) -> String {
        lab.contrail(keys: keys, retries: retries).replacing(#""name": "pods""#, with: #""name": "\#(name)""#)
    }

    /// Whether both networks answer; the agent needs a moment for a port that it got again.
    private func reaches(_ pod: TestPod) throws -> Bool {
        for _ in 1...5 {
            if try pod.namespace.pings("10.47.255.254"), try pod.namespace.pings("10.48.255.254") {
                return true
            }
        }
        return false
    }

    private func devices(_ pod: TestPod) throws -> [String] {
        try TestProgram.succeed("ip", "-o", "-n", pod.namespace.name, "link").split(separator: "\n")
            .map { String($0.split(separator: " ")[1].prefix { $0 != "@" && $0 != ":" }) }.filter {
                $0 != "lo"
            }
            .sorted()
    }

    @Test(.rule("MULTI-1", "MULTI-3"))
    func `a meta plugin's calls choose by network, and the last DEL takes the VM from the agent`() throws {
        let lab = try lab()
        let pod = try lab.pod("web")
        let calls = [
            ("pods", "eth0", "10.47.0.5"), ("net-a", "net1", "10.48.0.5"), ("net-b", "net2", "fd00:49::5"),
        ]
        for (network, interface, address) in calls {
            let outcome = try pod.call(
                "contrail-cni",
                "ADD",
                configuration(lab, network),
                variables: ["CNI_IFNAME": interface]
            )
            #expect(try outcome.addresses() == [address], "\(outcome.output)")
        }
        #expect(try devices(pod) == ["eth0", "net1", "net2"])
        for address in ["10.47.255.254", "10.48.255.254", "fd00:49::fe"] {
            #expect(try pod.namespace.pings(address), "\(address)")
        }
        // Only the first interface has the default route.
        let routes = try TestProgram.succeed("ip", "-n", pod.namespace.name, "route", "show", "default")
        #expect(routes.split(separator: "\n").count == 1 && routes.contains("eth0"))
        func ports() throws -> Int {
            let vm = "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"
            let body = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/vm/\(vm)"]).output
            return body.components(separatedBy: #""system-name""#).count - 1
        }
        #expect(try ports() == 3)
        for (number, call) in calls.enumerated() {
            let outcome = try pod.call(
                "contrail-cni",
                "DEL",
                configuration(lab, call.0),
                variables: ["CNI_IFNAME": call.1]
            )
            #expect(outcome.status == 0, "\(outcome.output)")
            #expect(try devices(pod) == calls.dropFirst(number + 1).map(\.1).sorted())
            // DELETE takes all ports of the VM, so it goes out with the last.
            #expect(try ports() == (number == 2 ? 0 : 3))
            for rest in calls.dropFirst(number + 1) where rest.0 != "net-b" {
                #expect(try pod.namespace.pings(rest.0 == "pods" ? "10.47.255.254" : "10.48.255.254"))
            }
        }
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("MULTI-2"))
    func `one call for all makes each under its own name, and one DEL removes them`() throws {
        let lab = try lab()
        let pod = try lab.pod("web")
        let all = configuration(lab, "pods", keys: #", "interfaces": "all""#)
        let outcome = try pod.call("contrail-cni", "ADD", all)
        let result = try outcome.document()
        let interfaces = try #require(result["interfaces"] as? [[String: Any]], "\(outcome.output)")
        let named = interfaces.filter { $0["sandbox"] != nil }.map { $0["name"] as? String ?? "" }
        #expect(named == ["eth0", "eth1", "data0"])
        let ips = try #require(result["ips"] as? [[String: Any]])
        #expect(ips.map { $0["interface"] as? Int } == [1, 3, 5])
        #expect(try outcome.addresses() == ["10.47.0.5", "10.48.0.5", "fd00:49::5"])
        for address in ["10.47.255.254", "10.48.255.254", "fd00:49::fe"] {
            #expect(try pod.namespace.pings(address), "\(address)")
        }
        let checked = all.dropLast() + ", \"prevResult\": \(outcome.output)}"
        let check = try pod.call("contrail-cni", "CHECK", String(checked))
        #expect(check.status == 0, "\(check.output)")
        try TestProgram.succeed("ip", "-n", pod.namespace.name, "link", "set", "data0", "mtu", "1400")
        let differs = try pod.call("contrail-cni", "CHECK", String(checked)).error()
        #expect(differs.code == 100 && differs.message.contains("data0: its MTU"), "\(differs)")
        #expect(try pod.call("contrail-cni", "DEL", all).status == 0)
        #expect(try lab.leftovers().isEmpty)
        // Without any record the agent's files tell.
        #expect(try pod.call("contrail-cni", "ADD", all).status == 0)
        try FileManager.default.removeItem(atPath: "\(lab.folder.path)/run/interfaces")
        #expect(try pod.call("contrail-cni", "DEL", all).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test func `one call for all that fails at the last interface leaves nothing`() throws {
        let fault = """
            , "faults": [{"kind": "status", "code": 404, "method": "GET",
              "path": "/vm/b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11/00000000-3a90-11ee-9c41-0242ac110003"}]
            """
        let lab = try lab(fault)
        let pod = try lab.pod("web")
        let before = try pod.namespace.dump()
        let all = configuration(lab, "pods", keys: #", "interfaces": "all""#)
        let error = try pod.call("contrail-cni", "ADD", all).error()
        #expect(error.code == 11, "\(error)")
        #expect(try lab.leftovers().isEmpty)
        #expect(try pod.namespace.dump() == before)
    }

    @Test(.rule("MULTI-4"))
    func `an incomplete set is waited for, without hurry and without a storm`() throws {
        let lab = try lab(#", "arrival": {"firstMilliseconds": 100, "nextMilliseconds": 500}"#)
        let pod = try lab.pod("web")
        let outcome = try pod.call(
            "contrail-cni",
            "ADD",
            configuration(lab, "net-b", retries: 10),
            variables: ["CNI_IFNAME": "net2"]
        )
        #expect(try outcome.addresses() == ["fd00:49::5"], "\(outcome.output)")
        #expect(outcome.seconds > 1)
    }

    @Test(.rule("MULTI-5"))
    func `the network is told by CNI_ARGS, args-cni or the configuration, and an unknown one is named`()
        throws
    {
        let lab = try lab()
        let pod = try lab.pod("web")
        let plain = configuration(lab, "anything")
        let arguments = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web"
        for (configuration, arguments) in [
            (plain, arguments + ";CONTRAIL_NETWORK=net-a"),
            (String(plain.dropLast()) + #", "args": {"cni": {"network": "net-a"}}}"#, arguments),
            (
                self.configuration(
                    lab,
                    "anything",
                    keys: #", "network": "default-domain:k8s-default:net-a", "interfaces": "one""#
                ), arguments
            ),
        ] {
            let outcome = try pod.call(
                "contrail-cni",
                "ADD",
                configuration,
                variables: ["CNI_ARGS": arguments, "CNI_IFNAME": "lan7"]
            )
            #expect(try outcome.addresses() == ["10.48.0.5"], "\(outcome.output)")
            let variables = ["CNI_ARGS": arguments, "CNI_IFNAME": "lan7"]
            #expect(try pod.call("contrail-cni", "DEL", configuration, variables: variables).status == 0)
        }
        let error = try pod.call("contrail-cni", "ADD", plain, variables: ["CNI_IFNAME": "lan7"]).error()
        #expect(error.code == 7 && error.message.contains("\"anything\" or interface lan7"), "\(error)")
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("MULTI-6"))
    func `a new sandbox that takes over tells the agent of its other interfaces again`() throws {
        let lab = try lab()
        let (old, new) = (try lab.pod("web"), try lab.pod("web", sandbox: "2"))
        for (network, interface) in [("pods", "eth0"), ("net-a", "net1")] {
            let variables = ["CNI_IFNAME": interface]
            let outcome = try old.call(
                "contrail-cni",
                "ADD",
                configuration(lab, network),
                variables: variables
            )
            #expect(outcome.status == 0, "\(outcome.output)")
        }
        // The agent's own file of net1 comes back, as after its restart: the new eth0 must survive what replaces net1.
        let file =
            "\(lab.simulator?.folder.path ?? "")/ports/vm/k8s__default__web/00000001-3a90-11ee-9c41-0242ac110002"
        let saved = try String(contentsOfFile: file, encoding: .utf8)
        #expect(try new.call("contrail-cni", "ADD", configuration(lab, "pods")).status == 0)
        #expect(try lab.node.run(["curl", "-sf", "-d", saved, "http://127.0.0.1:9091/vm"]).status == 0)
        let variables = ["CNI_IFNAME": "net1"]
        #expect(
            try new.call("contrail-cni", "ADD", configuration(lab, "net-a"), variables: variables).status == 0
        )
        #expect(try reaches(new))
        // The late DELs of the old sandbox hit nothing of the new one.
        for (network, interface) in [("net-a", "net1"), ("pods", "eth0")] {
            let variables = ["CNI_IFNAME": interface]
            #expect(
                try old.call("contrail-cni", "DEL", configuration(lab, network), variables: variables).status
                    == 0
            )
        }
        #expect(try reaches(new))
    }

    @Test(.rule("DEL-3"))
    func `late DELs of an old sandbox leave a new one alone that has only its first interface yet`() throws {
        let lab = try lab()
        let (old, new) = (try lab.pod("web"), try lab.pod("web", sandbox: "2"))
        let calls = [("pods", "eth0"), ("net-a", "net1")]
        for (network, interface) in calls {
            let variables = ["CNI_IFNAME": interface]
            #expect(
                try old.call("contrail-cni", "ADD", configuration(lab, network), variables: variables).status
                    == 0
            )
        }
        #expect(try old.call("contrail-cni", "DEL", configuration(lab, "pods")).status == 0)
        #expect(try new.call("contrail-cni", "ADD", configuration(lab, "pods")).status == 0)
        let variables = ["CNI_IFNAME": "net1"]
        #expect(
            try old.call("contrail-cni", "DEL", configuration(lab, "net-a"), variables: variables).status == 0
        )
        #expect(try new.namespace.pings("10.47.255.254"))
        #expect(
            try new.call("contrail-cni", "ADD", configuration(lab, "net-a"), variables: variables).status == 0
        )
        #expect(try reaches(new))
    }

    /// Runs a plugin as the child of a process of a name.
    private func caller(_ name: String, _ lab: PluginLab) throws -> [String] {
        let path = "\(lab.folder.path)/ports/\(name)"
        try TestProgram.succeed("sh", "-ec", "mkdir -p $(dirname \(path)); cp /bin/sh \(path)")
        return [path, "-c", #""$0"; exit $?"#]
    }

    @Test(
        .rule("MULTI-7"),
        arguments: [
            ("multus", "", 1), ("multus-daemon", "", 1), ("multus-shim", "", 1), ("containerd", "", 3),
            ("multusx", "", 3), ("multu", "", 3), ("danm", #", "meta-plugin": "danm""#, 1),
            ("a-very-long-name-of-a-plugin", #", "meta-plugin": "a-very-long-name-of-a-plugin""#, 1),
            ("multus", #", "meta-plugin": "danm""#, 1), ("containerd", #", "interfaces": "one""#, 1),
            ("multus", #", "interfaces": "all""#, 3),
        ]
    )
    func `without the key the caller's name says how many`(name: String, keys: String, count: Int) throws {
        let lab = try lab()
        let pod = try lab.pod("web")
        let configuration = configuration(lab, "default", keys: keys)
        let wrapper = try caller(name, lab)
        let outcome = try pod.call("contrail-cni", "ADD", configuration, wrapper: wrapper)
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(try devices(pod).count == count)
        #expect(try pod.call("contrail-cni", "DEL", configuration, wrapper: wrapper).status == 0)
        let left = try lab.leftovers()
        #expect(left == [])
    }

    /// Makes a pod as the Go plugin does: devices, the agent's files as it writes them, and ports.
    private func makeAsGo(_ pod: TestPod, _ lab: PluginLab) throws -> [String] {
        let ports = "\(try #require(lab.simulator).folder.path)/ports"
        let vm = "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"
        var names: [String] = []
        for (interface, vmi, network) in [
            ("eth0", "7c1e0b52-3a90-11ee-9c41-0242ac110001", "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001"),
            ("net1", "00000001-3a90-11ee-9c41-0242ac110002", "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0002"),
            ("data0", "00000000-3a90-11ee-9c41-0242ac110003", "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0003"),
        ] {
            let name = "tap" + "\(interface)-\(vm)".prefix(11)
            names.append(name)
            let file = """
                {
                \t"time": "2024-01-31 12:00:00.000000001 +0000 UTC m=+0.1",
                \t"vm-id": "\(pod.containerID)",
                \t"vm-uuid": "\(vm)",
                \t"vm-name": "k8s__default__web",
                \t"host-ifname": "\(name)",
                \t"vm-ifname": "\(interface)",
                \t"vm-namespace": "\(pod.namespace.path)",
                \t"vn-uuid": "\(network)",
                \t"vmi-uuid": "\(vmi)"
                }
                """
            let path = "\(ports)/vm/k8s__default__web/\(vmi)"
            try TestProgram.succeed("mkdir", "-p", "\(ports)/vm/k8s__default__web", "\(ports)/multus")
            try Data(file.utf8).write(to: URL(fileURLWithPath: path))
            try Data("[]".utf8).write(to: URL(fileURLWithPath: "\(ports)/multus/k8s__default__web"))
            try TestProgram.succeed(
                "sh",
                "-ec",
                """
                ip -n \(lab.node.name) link add \(name) type veth peer name \(interface) netns \(pod.namespace.name)
                ip -n \(lab.node.name) link set \(name) up
                ip netns exec \(lab.node.name) curl -sf -d @\(path) http://127.0.0.1:9091/vm
                """
            )
        }
        return names
    }

    @Test(.rule("MULTI-8"), arguments: ["", #", "interfaces": "one""#, #", "interfaces": "all""#])
    func `the first DEL of a pod that the Go plugin made removes all of it, and nothing else does`(
        keys: String
    ) throws {
        let lab = try lab()
        let (pod, other) = (try lab.pod("web"), try lab.pod("other"))
        let names = try makeAsGo(pod, lab)
        // Another pod's coming and going, and garbage collection, touch none of it.
        let configuration = configuration(lab, "pods", keys: keys)
        let before = try lab.leftovers()
        #expect(names.allSatisfy { before.contains($0) }, "\(before)")
        #expect(try other.call("contrail-cni", "ADD", configuration).status == 0)
        #expect(try other.call("contrail-cni", "DEL", configuration).status == 0)
        let collected = configuration.dropLast() + #", "cni.dev/valid-attachments": []}"#
        #expect(try pod.call("contrail-cni", "GC", String(collected)).status == 0)
        #expect(try lab.leftovers() == before)
        let wrapper = try caller("multus", lab)
        for interface in ["net1", "eth0", "data0"] {
            let variables = ["CNI_IFNAME": interface]
            let outcome = try pod.call(
                "contrail-cni",
                "DEL",
                configuration,
                variables: variables,
                wrapper: wrapper
            )
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
            let left = try lab.leftovers()
            #expect(left == [], "\(interface)")
        }
        let vm = "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"
        #expect(
            try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/vm/\(vm)"]).output.contains("Not Found")
        )
    }
}
