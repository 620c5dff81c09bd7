// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PreparedInterface
import TestSupport
import Testing

@testable import PortSync

@Suite(.serialized) struct SweepNamespaceTests {
    /// What `POST /port` takes.
    private func port(_ vmi: String, _ display: String, _ system: String) -> String {
        """
        {"id": "\(vmi)", "instance-id": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
         "vn-id": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "vm-project-id": "", "display-name": "\(display)",
         "ip-address": "0.0.0.0", "ip6-address": "::", "mac-address": "02:7c:1e:0b:52:3a",
         "system-name": "\(system)", "type": 0, "rx-vlan-id": -1, "tx-vlan-id": -1, "vhostuser-mode": 1}
        """
    }

    @Test func `after a reboot the files of pods that are no more go, and no others`() throws {
        let lab = try SyncLab()
        let pods = try (1...3).map { try lab.pod("web\($0)") }
        for pod in pods { #expect(try pod.call("contrail-cni", "ADD", lab.plugin).status == 0) }
        // The reboot: /run is empty and devices are gone; web3's is as one whose record alone is lost.
        try FileManager.default.removeItem(atPath: "\(lab.folder.path)/run")
        for pod in pods.prefix(2) {
            try TestProgram.succeed("ip", "-n", pod.namespace.name, "link", "del", "eth0")
        }
        let text =
            #"{"vm-uuid": "c0000000-1f7c-4a7e-8a0e-000000000009", "vn-uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "vmi-uuid": "a0000000-1f7c-4a7e-8a0e-000000000009", "vm-id": "x", "vm-name": "NAME", "host-ifname": "tap0", "vm-ifname": "eth0", "vm-namespace": ""}"#
        for name in ["blue__default__web", "nova-vm"] {
            lab.simulator.folder.write("", to: "ports/vm/\(name)/a0000000-1f7c-4a7e-8a0e-000000000009")
            try text.replacing("NAME", with: name).write(
                toFile: "\(lab.configFolder)/\(name)/a0000000-1f7c-4a7e-8a0e-000000000009",
                atomically: false,
                encoding: .utf8
            )
        }
        lab.simulator.crash()
        // The sweep does not wait for the agent: it must not load what is dead.
        let once = try lab.run("--once")
        #expect(once.status == 1 && once.errors.contains("does not answer"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: lab.configFolder).sorted()
                == ["blue__default__web", "k8s__default__web3", "nova-vm"]
        )
        try lab.simulator.restart()
        try lab.start()
        #expect(try lab.wait { try lab.metric("contrail_vm_agent_up") == 1 })
        #expect(try lab.metric("contrail_vm_files_swept_total") == 0)
        #expect(try lab.statistic("machinePorts") == 1)
        #expect(lab.leftovers().count { $0.hasPrefix("ports/") } == 3)
    }

    @Test func `records and plans of an earlier boot go, with the files that they kept`() throws {
        let lab = try SyncLab()
        let (dead, alive, unfinished) = (try lab.pod("dead"), try lab.pod("alive"), try lab.pod("unfinished"))
        for pod in [dead, alive, unfinished] {
            #expect(try pod.call("contrail-cni", "ADD", lab.plugin).status == 0)
        }
        func path(_ pod: TestPod, _ end: String) -> String {
            "\(lab.folder.path)/run/interfaces/\(pod.containerID)/eth0.\(end)"
        }
        let bootID = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        for (pod, end) in [(dead, "json"), (unfinished, "plan")] {
            let text = try String(contentsOfFile: path(pod, "json"), encoding: .utf8)
            try FileManager.default.removeItem(atPath: path(pod, "json"))
            try text.replacing(bootID, with: "00000000-0000-4000-8000-000000000000").write(
                toFile: path(pod, end),
                atomically: false,
                encoding: .utf8
            )
            try TestProgram.succeed("ip", "-n", pod.namespace.name, "link", "del", "eth0")
        }
        try lab.start()
        #expect(try lab.wait { try lab.metric("contrail_vm_files_swept_total") == 4 })
        #expect(try lab.metric("contrail_vm_ports") == 1)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: lab.configFolder) == ["k8s__default__alive"]
        )
        let folders = try FileManager.default.contentsOfDirectory(atPath: "\(lab.folder.path)/run/interfaces")
        #expect(folders == [alive.containerID])
        // Nor does the agent keep a dead port: it had them.
        #expect(try lab.statistic("machinePorts") == 1)
        #expect(try alive.call("contrail-cni", "DEL", lab.plugin).status == 0)
    }

    @Test func `a record without a namespace stays: its DEL or GC is still to come`() throws {
        let lab = try SyncLab()
        let pod = try lab.pod("web")
        #expect(try pod.call("contrail-cni", "ADD", lab.plugin).status == 0)
        let before = lab.leftovers()
        try TestProgram.succeed("ip", "netns", "del", pod.namespace.name)
        #expect(try lab.run("--once").status == 0)
        #expect(lab.leftovers() == before)
        #expect(try pod.call("contrail-cni", "DEL", lab.plugin).status == 0)
        #expect(lab.leftovers().isEmpty)
    }

    @Test func `vhost-user ports of pods that are no more go by the agent, Nova's stay`() throws {
        let lab = try SyncLab()
        let kept = try lab.record(7...7)
        let vmis = (1...5).map { "d0000000-1f7c-4a7e-8a0e-00000000000\($0)" }
        let ports = [
            port(vmis[0], "k8s__default__dead", "tap0123456789a"), port(vmis[1], "vm1", "tap1af4bee3-04"),
            port(vmis[2], "k8s__default__web", "tap1af4bee3-04"),
            port(vmis[3], "blue__default__web", "tap0123456789b"),
            port(try #require(kept.port?.vmi.text), "k8s__default__vm7", "tap0123456789c"),
        ]
        for port in ports { #expect(try lab.agent("POST", "/port", body: port) == "{}") }
        func files() -> Int {
            lab.simulator.folder.files().count { $0.hasPrefix("ports/") && !$0.hasPrefix("ports/vm/") }
        }
        #expect(files() == 5)
        // A record that can't be read may be that of any port.
        lab.folder.write("{", to: "run/interfaces/cid/eth0.json")
        #expect(try lab.run("--once").status == 0)
        #expect(files() == 5)
        try FileManager.default.removeItem(atPath: "\(lab.folder.path)/run/interfaces/cid")
        try lab.start()
        #expect(try lab.wait { try lab.metric("contrail_vm_files_swept_total") == 1 })
        #expect(files() == 4 && lab.simulator.folder.read("ports/\(vmis[0])") == nil)
        #expect(try lab.statistic("ports") == 4)
    }

    @Test func `where the plugins have written nothing, a live vhost-user port stays`() throws {
        let lab = try SyncLab()
        let vmi = "d0000000-1f7c-4a7e-8a0e-000000000001"
        #expect(
            try lab.agent("POST", "/port", body: port(vmi, "k8s__default__vm1", "tap0123456789a")) == "{}"
        )
        #expect(try lab.run("--once").status == 0)
        #expect(lab.simulator.folder.read("ports/\(vmi)") != nil)
        // Written before this boot: the pod is gone for certain.
        try TestProgram.succeed("touch", "-d", "2001-01-01", "\(lab.simulator.folder.path)/ports/\(vmi)")
        #expect(try lab.run("--once").status == 0)
        #expect(lab.simulator.folder.read("ports/\(vmi)") == nil)
        #expect(try lab.statistic("ports") == 0)
    }
}
