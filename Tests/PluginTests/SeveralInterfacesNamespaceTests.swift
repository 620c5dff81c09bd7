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
        keys: String = "",
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
                    keys: #", "network": "default-domain:k8s-default:net-a""#
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
}
