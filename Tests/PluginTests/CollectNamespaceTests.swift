// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// GC removes what this network and this runtime made and no valid attachment needs, and nothing else.
@Suite(.serialized) struct CollectNamespaceTests {
    private func list(_ pods: [TestPod], interface: String = "eth0") -> String {
        let entries = pods.map { #"{"containerID": "\#($0.containerID)", "ifname": "\#(interface)"}"# }
        return "[\(entries.joined(separator: ", "))]"
    }

    private func collect(
        _ lab: PluginLab,
        _ more: String,
        name: String = "pods"
    ) throws -> TestProgram.Outcome {
        let configuration = lab.contrail(more: more).replacing(
            #""name": "pods""#,
            with: #""name": "\#(name)""#
        )
        return try lab.node.run(
            [TestPrograms.plugin("contrail-cni")],
            environment: ["CNI_COMMAND": "GC", "CNI_PATH": "/usr/lib/cni"],
            input: configuration
        )
    }

    private func records(_ lab: PluginLab) -> [String] {
        lab.folder.files().filter { $0.hasPrefix("run/interfaces/") && $0.hasSuffix(".json") }
    }

    @Test(arguments: ["cni.dev/valid-attachments", "cni.dev/attachments"])
    func `what the list does not name is removed`(key: String) throws {
        let lab = try PluginLab()
        let (stays, goes) = (try lab.pod("stays"), try lab.pod("goes"))
        #expect(try stays.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let before = (try lab.leftovers(), try lab.node.dump())
        #expect(try goes.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        let outcome = try collect(lab, ", \"\(key)\": \(list([stays]))")
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
        #expect(try lab.leftovers() == before.0)
        #expect(try lab.node.dump() == before.1)
        #expect(try stays.namespace.pings("10.47.255.254"))
    }

    @Test(.rule("GC-1", "GC-2", "GC-3"))
    func `no list removes nothing, an empty one all, a wrong one nothing`() throws {
        let lab = try PluginLab()
        let pods = try ["a", "b"].map { try lab.pod($0) }
        for pod in pods { #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0) }
        #expect(try collect(lab, "").status == 0)
        #expect(try collect(lab, #", "cni.dev/valid-attachments": null"#).status == 0)
        #expect(records(lab).count == 2)
        for wrong in [
            #"{}"#, #"[{}]"#, #"[{"containerID": "../x", "ifname": "eth0"}]"#,
            #"[{"containerID": "x", "ifname": "a/b"}]"#,
        ] {
            let error = try collect(lab, ", \"cni.dev/valid-attachments\": \(wrong)").error()
            #expect(error.code == 7 && error.message.contains("cni.dev/valid-attachments"), "\(error)")
        }
        #expect(records(lab).count == 2)
        #expect(try collect(lab, #", "cni.dev/valid-attachments": []"#).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("GC-4"))
    func `another network's and another runtime's stay`() throws {
        let lab = try PluginLab()
        let (container, vm) = (try lab.pod("web"), try lab.pod("vm"))
        #expect(try container.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try vm.call("contrail-cni", "ADD", lab.contrail(more: PluginLab.vmInterface)).status == 0)
        let empty = #", "cni.dev/valid-attachments": []"#
        #expect(try collect(lab, empty, name: "others").status == 0)
        #expect(records(lab).count == 2)
        // A runtime of containers knows nothing of VMs.
        #expect(try collect(lab, empty).status == 0)
        #expect(records(lab) == ["run/interfaces/\(vm.containerID)/eth0.json"])
        let ours = #", "runtimeConfig": {"vmInterface": {"runtime": "RUNTIME"}}"#
        #expect(try collect(lab, empty + ours.replacing("RUNTIME", with: "other")).status == 0)
        #expect(records(lab).count == 1)
        #expect(try collect(lab, empty + ours.replacing("RUNTIME", with: "vm-runtime")).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test func `an ADD that was killed is garbage, too; the agent's death makes a debt`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        _ = try pod.call(
            "contrail-cni",
            "ADD",
            lab.contrail(),
            wrapper: ["strace", "-f", "-o", "/dev/null", "-e", "inject=rename:signal=KILL:when=3"]
        )
        #expect(try !lab.leftovers().isEmpty)
        #expect(try collect(lab, #", "cni.dev/valid-attachments": []"#).status == 0)
        #expect(try lab.leftovers().isEmpty)
        #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        lab.simulator?.stop()
        #expect(try collect(lab, #", "cni.dev/valid-attachments": []"#).status == 0)
        #expect(try lab.leftovers().allSatisfy { $0.hasPrefix("state/owed/") })
    }

    @Test func `a record that can't be read is told, and the others are removed`() throws {
        let lab = try PluginLab()
        let (web, spoiled) = (try lab.pod("web"), try lab.pod("spoiled"))
        for pod in [web, spoiled] { #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0) }
        let path = "\(lab.folder.path)/run/interfaces/\(spoiled.containerID)/eth0.json"
        try Data("garbage".utf8).write(to: URL(fileURLWithPath: path))
        let error = try collect(lab, #", "cni.dev/valid-attachments": []"#).error()
        #expect(error.code == 5 && error.message.contains(path), "\(error)")
        #expect(records(lab) == ["run/interfaces/\(spoiled.containerID)/eth0.json"])
        #expect(try spoiled.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("GC-5"))
    func `GC of a chain removes the tap that tap-bridge made`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("vm")
        let before = try pod.namespace.dump()
        let first = try pod.call("contrail-cni", "ADD", lab.contrail()).output
        let bridge =
            #"{"cniVersion": "1.1.0", "name": "pods", "type": "tap-bridge", "run-dir": "\#(lab.folder.path)/run""#
        let added = try pod.call(
            "tap-bridge",
            "ADD",
            bridge + PluginLab.vmInterface + ", \"prevResult\": \(first)}"
        )
        #expect(added.status == 0, "\(added.output)")
        let ours =
            #", "cni.dev/valid-attachments": [], "runtimeConfig": {"vmInterface": {"runtime": "vm-runtime"}}"#
        let second = try lab.node.run(
            [TestPrograms.plugin("tap-bridge")],
            environment: ["CNI_COMMAND": "GC"],
            input: bridge + ours + "}"
        )
        #expect(second.status == 0, "\(second.output)")
        let record = lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        #expect(record.contains(#""type":"veth""#) && !record.contains("former"))
        #expect(try collect(lab, #", "cni.dev/valid-attachments": []"#).status == 0)
        #expect(try lab.leftovers().isEmpty)
        #expect(try pod.namespace.dump() == before)
    }

    @Test(.rule("GC-6"))
    func `GC and STATUS need version 1-1-0`() throws {
        let lab = try PluginLab(simulator: nil)
        for command in ["GC", "STATUS"] {
            let error = try lab.node.run(
                [TestPrograms.plugin("contrail-cni")],
                environment: ["CNI_COMMAND": command],
                input: lab.contrail("1.0.0")
            ).error()
            #expect(error.code == 1 && error.message.contains("\(command) needs"), "\(error)")
        }
    }
}
