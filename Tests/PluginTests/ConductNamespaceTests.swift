// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Families of addresses, and STATUS.
@Suite(.serialized) struct ConductNamespaceTests {
    @Test(.rule("FAMILY-1"), arguments: ["v4", "v6", "both"])
    func `v4 only, v6 only and both work without waiting for duplicate address detection`(
        family: String
    ) throws {
        let v4 = #", "v4": {"subnet": "10.47.0.0/16", "gateway": "10.47.255.254", "dns": "10.47.255.253"}"#
        let v6 = #", "v6": {"subnet": "fd00:47::/64", "gateway": "fd00:47::fe", "dns": "fd00:47::fd"}"#
        let network = """
            [{"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "name": "default-domain:k8s-default:pods"\
            \(family == "v6" ? "" : v4)\(family == "v4" ? "" : v6)}]
            """
        let lab = try PluginLab(networks: network)
        let pod = try lab.pod("web")
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail())
        let expected = ["v4": ["10.47.0.1"], "v6": ["fd00:47::1"], "both": ["10.47.0.1", "fd00:47::1"]][
            family
        ]
        #expect(try outcome.addresses() == expected, "\(outcome.output)")
        let addresses = try TestProgram.succeed("ip", "-o", "-n", pod.namespace.name, "addr", "show", "eth0")
        let given = addresses.split(separator: "\n").filter { $0.contains("fd00:47::1") }
        #expect(given.allSatisfy { !$0.contains("tentative") }, "\(addresses)")
        for gateway in ["v4": ["10.47.255.254"], "v6": ["fd00:47::fe"]][family] ?? [
            "10.47.255.254", "fd00:47::fe",
        ] {
            #expect(try pod.namespace.pings(gateway))
        }
    }

    @Test(.rule("STATUS-1"))
    func `STATUS is 50 without an agent and nothing with one`() throws {
        let lab = try PluginLab()
        func status() throws -> TestProgram.Outcome {
            try lab.node.run(
                [TestPrograms.plugin("contrail-cni")],
                environment: ["CNI_COMMAND": "STATUS"],
                input: lab.contrail()
            )
        }
        let fine = try status()
        #expect(fine.status == 0 && fine.output.isEmpty, "\(fine.output)")
        lab.simulator?.pause()
        #expect(try status().error().code == 50)
        lab.simulator?.resume()
        lab.simulator?.stop()
        let error = try status().error()
        #expect(error.code == 50 && error.message.contains("is the agent running?"), "\(error)")
    }

    private static func introspect(_ state: String) -> String {
        """
        <?xml version="1.0"?><AgentXmppConnectionStatus type="sandesh"><peer type="list" identifier="1">\
        <list type="struct" size="1"><AgentXmppData><controller_ip type="string" identifier="1">10.0.0.9\
        </controller_ip><state type="string" identifier="2">\(state)</state></AgentXmppData></list></peer>\
        </AgentXmppConnectionStatus>
        """
    }

    @Test(.rule("STATUS-2"), arguments: [("Established", 0), ("Active", 51), ("", 51)])
    func `STATUS is 51 where the agent has no control node`(state: String, code: Int) throws {
        let notFound = ScriptedServer { _ in .agent(404, #"{"error":"{ Not Found }"}"#) }
        let introspect = ScriptedServer { request in
            request.line.hasPrefix("GET /Snh_AgentXmppConnectionStatusReq ")
                ? .agent(200, Self.introspect(state)) : .agent(404, "{}")
        }
        let lab = try PluginLab(simulator: nil)
        let keys = #", "vrouter-port": \#(notFound.port), "introspect-port": \#(introspect.port)"#
        let outcome = try TestProgram.run(
            [TestPrograms.plugin("contrail-cni")],
            environment: ["CNI_COMMAND": "STATUS"],
            input: lab.contrail(keys: keys)
        )
        #expect(outcome.status == (code == 0 ? 0 : 1))
        if code != 0 { #expect(try outcome.error().code == code) } else { #expect(outcome.output.isEmpty) }
    }

    @Test(.rule("LOCK-1"))
    func `a lock that another call holds too long has code 11`() throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("web")
        try FileManager.default.createDirectory(
            atPath: "\(lab.folder.path)/run/locks",
            withIntermediateDirectories: true
        )
        let path = "\(lab.folder.path)/run/locks/k8s__default__web"
        let holder = try TestProgram.start("flock", path, "sleep", "30")
        defer { holder.kill(SIGTERM) }
        for _ in 1...100 where try TestProgram.run(["flock", "-n", path, "true"]).status == 0 {
            usleep(10_000)
        }
        for command in ["ADD", "DEL"] {
            let error = try pod.call("contrail-cni", command, lab.contrail()).error()
            #expect(error.code == 11 && error.message.contains(path), "\(command): \(error)")
        }
    }

    @Test(.rule("ENV-1"))
    func `all missing variables are named at once; DEL needs no namespace`() throws {
        let lab = try PluginLab(simulator: nil)
        func call(_ variables: [String: String]) throws -> (code: Int, message: String) {
            try lab.node.run(
                [TestPrograms.plugin("contrail-cni")],
                environment: variables,
                input: lab.contrail()
            ).error()
        }
        let add = try call(["CNI_COMMAND": "ADD"])
        #expect(add.code == 4)
        for name in ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"] { #expect(add.message.contains(name)) }
        let delete = try call(["CNI_COMMAND": "DEL"])
        #expect(delete.code == 4 && !delete.message.contains("CNI_NETNS"), "\(delete)")
    }

    @Test(.rule("ENV-4"), arguments: ["contrail-cni", "contrail-k8s-cni", "tap-bridge"])
    func `run by hand it says what it is`(plugin: String) throws {
        for environment in [[:], ["CNI_COMMAND": ""]] {
            let outcome = try TestProgram.run([TestPrograms.plugin(plugin)], environment: environment)
            #expect(outcome.status == 0 && outcome.output.isEmpty)
            #expect(outcome.errors.contains(plugin) && outcome.errors.contains("1.1.0"), "\(outcome.errors)")
        }
    }

    @Test(.rule("CONF-4"))
    func `without a version it is 0-1-0`() throws {
        let lab = try PluginLab()
        let configuration = lab.contrail().replacing(#""cniVersion": "1.1.0", "#, with: "")
        let result = try lab.pod("web").call("contrail-cni", "ADD", configuration).document()
        #expect(result["cniVersion"] as? String == "0.1.0" && result["ip4"] != nil)
    }

    @Test(.rule("OUT-2"), arguments: [4, 5, 7, 8, 11])
    func `a crash still prints one error document`(signal: Int) throws {
        let lab = try PluginLab()
        let wrapper = ["strace", "-f", "-o", "/dev/null", "-e", "inject=connect:signal=\(signal):when=1"]
        let outcome = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail(), wrapper: wrapper)
        let error = try outcome.error()
        #expect(error.code == 999 && error.message.contains("bug"), "\(outcome.output)")
        #expect(outcome.status != 0)
    }
}
