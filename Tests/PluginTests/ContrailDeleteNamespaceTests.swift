// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ContrailDeleteNamespaceTests {
    @Test(.rule("DEL-1")) func `DEL is idempotent, without a namespace, and for what never was`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        try TestProgram.succeed("ip", "netns", "del", pod.namespace.name)
        for variables in [[:], [:], ["CNI_NETNS": ""], ["CNI_ARGS": ""]] {
            let outcome = try pod.call("contrail-cni", "DEL", lab.contrail(), variables: variables)
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
        }
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("DEL-2")) func `without a record DEL goes by derived names and the agent's file`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        for content in [nil, "", "{", "garbage", "{\"schema\":99}"] {
            #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
            let path = "\(lab.folder.path)/run/interfaces/\(pod.containerID)/eth0.json"
            try FileManager.default.removeItem(atPath: path)
            if let content { try Data(content.utf8).write(to: URL(fileURLWithPath: path)) }
            #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
            #expect(try lab.leftovers().isEmpty, "\(content ?? "none")")
        }
    }

    @Test func `what ADD saved counts, whatever pod the arguments of DEL name`() throws {
        let lab = try PluginLab()
        let (web, other) = (try lab.pod("web"), try lab.pod("other"))
        #expect(try other.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let before = try lab.leftovers()
        for arguments in ["K8S_POD_NAMESPACE=default;K8S_POD_NAME=other", "K8S_POD_NAME=NoName", ""] {
            #expect(try web.call("contrail-cni", "ADD", lab.contrail()).status == 0)
            let outcome = try web.call(
                "contrail-cni",
                "DEL",
                lab.contrail(),
                variables: ["CNI_ARGS": arguments]
            )
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
            #expect(try lab.leftovers() == before, "\(arguments)")
        }
    }

    @Test(.rule("DEL-4")) func `with a dead agent the deletion is owed, and the next call pays`() throws {
        let lab = try PluginLab()
        let (web, other) = (try lab.pod("web"), try lab.pod("other"))
        #expect(try web.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let simulator = try #require(lab.simulator)
        simulator.pause()
        let outcome = try web.call("contrail-cni", "DEL", lab.contrail())
        #expect(outcome.status == 0 && outcome.seconds < 15)
        #expect(lab.folder.files().filter { $0.hasPrefix("state/owed/") }.count == 1)
        simulator.resume()
        #expect(try other.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(lab.folder.files().filter { $0.hasPrefix("state/") }.isEmpty)
        let stale = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/vm-cfg/k8s__default__web"])
        let vm = try #require(stale.output.firstMatch(of: /"vm-uuid": "([^"]+)"/)?.1)
        let state = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/vm/\(vm)"])
        #expect(state.output.contains("Not Found"))
    }

    @Test(.rule("DEL-3")) func `a late DEL of an older sandbox leaves the new one alone`() throws {
        let lab = try PluginLab()
        let old = try lab.pod("web", sandbox: "old")
        let new = try lab.pod("web", sandbox: "new")
        let other = try lab.pod("other")
        #expect(try other.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try old.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try new.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try new.namespace.pings("10.47.255.254"))
        let before = try new.namespace.dump()
        #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try new.namespace.dump() == before)
        #expect(try new.namespace.pings("10.47.255.254"))
        #expect(try new.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try other.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test func `an owed deletion does not hit the pod's new sandbox`() throws {
        let lab = try PluginLab()
        let old = try lab.pod("web", sandbox: "old")
        let new = try lab.pod("web", sandbox: "new")
        #expect(try old.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let simulator = try #require(lab.simulator)
        simulator.pause()
        #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        simulator.resume()
        #expect(try new.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(lab.folder.files().filter { $0.hasPrefix("state/") }.isEmpty)
        #expect(try new.namespace.pings("10.47.255.254"))
    }

    @Test(.rule("DEL-3"), arguments: [0, 2000, 50_000])
    func `the new sandbox keeps its port whatever an agent that stood still has yet to do`(
        microseconds: UInt32
    ) throws {
        let lab = try PluginLab()
        let old = try lab.pod("web", sandbox: "old")
        let new = try lab.pod("web", sandbox: "new")
        #expect(try old.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let machines = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/vm-cfg/k8s__default__web"])
        let vm = try #require(machines.output.firstMatch(of: /"vm-uuid": "([^"]+)"/)?.1)
        let simulator = try #require(lab.simulator)
        // Soon, its data plane is still at the old port.
        usleep(microseconds)
        simulator.pause()
        // Requests that were given up lie in the agent's sockets: a DEL's, and DELETEs of its own.
        #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        for _ in 1...3 {
            let given = ["curl", "-s", "-m", "0.2", "-X", "DELETE", "http://127.0.0.1:9091/vm/\(vm)"]
            #expect(try lab.node.run(given).status == 28)
        }
        simulator.resume()
        #expect(try new.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(lab.folder.files().filter { $0.hasPrefix("state/") }.isEmpty)
        #expect(try new.namespace.pings("10.47.255.254"))
        let known = try new.namespace.run(["ip", "neigh", "show", "10.47.255.254"]).output
        #expect(known.contains("lladdr 00:00:5e:00:01:00"), "\(known)")
        let state = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/vm/\(vm)"]).output
        #expect(state.contains("system-name"), "\(state)")
    }

    @Test func `an ADD that was killed is undone by DEL, and by the next ADD`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        for call in ["sendto", "rename", "mkdir", "setns", "sendmsg"] {
            for count in 1...3 {
                let wrapper = [
                    "strace", "-f", "-o", "/dev/null", "-e", "inject=\(call):signal=KILL:when=\(count)",
                ]
                _ = try pod.call("contrail-cni", "ADD", lab.contrail(), wrapper: wrapper)
                if count == 3 {
                    let again = try pod.call("contrail-cni", "ADD", lab.contrail())
                    #expect(again.status == 0 || again.output.contains("already"), "\(call) \(again.output)")
                }
                #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
                let left = try lab.leftovers()
                #expect(left == [], "\(call) \(count)")
            }
        }
        #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try pod.namespace.pings("10.47.255.254"))
    }
}
