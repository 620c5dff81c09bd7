// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Nodes whose vRouter runs on DPDK.
@Suite(.serialized) struct VhostUserNamespaceTests {
    private static let vm =
        #", "runtimeConfig": {"vmInterface": {"kind": "any", "queues": 4, "ownerUID": 64200}}"#

    private func configuration(_ lab: PluginLab, more: String = vm) -> String {
        let folder = "\(lab.folder.path)/vrouter"
        return lab.contrail(keys: #", "platform": "dpdk", "vhost-user-dir": "\#(folder)""#, more: more)
    }

    private func lab() throws -> PluginLab { try PluginLab(simulator: #", "platform": "dpdk""#) }

    @Test(.rule("DPDK-1"))
    func `a VM gets a socket's path, and the agent a vhost-user port of mode 1`() throws {
        let lab = try lab()
        let pod = try lab.pod("vm")
        let before = try lab.node.dump()
        let outcome = try pod.call("contrail-cni", "ADD", configuration(lab))
        let interface = try #require(
            (try outcome.document()["interfaces"] as? [[String: Any]])?.first,
            "\(outcome.output)"
        )
        let path = try #require(interface["socketPath"] as? String)
        #expect(path.hasPrefix("\(lab.folder.path)/vrouter/uvh_vif_tap") && path.utf8.count <= 107)
        #expect(interface["sandbox"] as? String == pod.containerID)
        let record = lab.folder.text("run/interfaces/\(pod.containerID)/eth0.json")
        #expect(record.contains(#""attachment":{"type":"vhostUser","path":"\#(path)","listener":"guest""#))
        let port = try lab.port(of: pod)
        let answer = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/port/\(port.vmi)"]).output
        #expect(answer.contains(#""vhostuser-mode": 1"#) && answer.contains(port.systemName), "\(answer)")
        let file = "\(lab.simulator?.folder.path ?? "")/ports/\(port.vmi)"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains(#""type": 0"#))
        #expect(try lab.node.dump() == before, "no device is made")
        let checked = Self.vm + ", \"prevResult\": \(outcome.output)"
        #expect(try pod.call("contrail-cni", "CHECK", configuration(lab, more: checked)).status == 0)
        // QEMU makes the socket, nobody else removes it.
        try FileManager.default.createDirectory(
            atPath: "\(lab.folder.path)/vrouter",
            withIntermediateDirectories: true
        )
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        #expect(try pod.call("contrail-cni", "DEL", configuration(lab)).status == 0)
        #expect(
            !FileManager.default.fileExists(atPath: path) && !FileManager.default.fileExists(atPath: file)
        )
        let after = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/port/\(port.vmi)"]).output
        #expect(after.contains("Not Found"), "\(after)")
        #expect(try lab.leftovers().filter { $0 != "vrouter" }.isEmpty)
    }

    @Test(.rule("DPDK-2"))
    func `a container on the same node has a veth and POST vm`() throws {
        let lab = try lab()
        let pod = try lab.pod("web")
        #expect(try pod.call("contrail-cni", "ADD", configuration(lab, more: "")).status == 0)
        #expect(try lab.port(of: pod).kind == "vm")
        #expect(try pod.namespace.pings("10.47.255.254"))
        #expect(try pod.call("contrail-cni", "DEL", configuration(lab, more: "")).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("DPDK-3"))
    func `a device-info file is written, or read where it is there`() throws {
        let lab = try lab()
        let pod = try lab.pod("vm")
        let file = "\(lab.folder.path)/devinfo/vm-device.json"
        let more = Self.vm.dropLast() + #", "CNIDeviceInfoFile": "\#(file)"}"#
        let outcome = try pod.call("contrail-cni", "ADD", configuration(lab, more: String(more)))
        let interface = try #require((try outcome.document()["interfaces"] as? [[String: Any]])?.first)
        let path = try #require(interface["socketPath"] as? String)
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        let info = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(info["type"] as? String == "vhost-user" && info["version"] as? String == "1.1.0")
        #expect(info["vhost-user"] as? [String: String] == ["mode": "server", "path": path])
        #expect(try pod.call("contrail-cni", "DEL", configuration(lab, more: String(more))).status == 0)
        #expect(!FileManager.default.fileExists(atPath: file))
        // Another's file stays, and must tell the same.
        try data.write(to: URL(fileURLWithPath: file))
        #expect(try pod.call("contrail-cni", "ADD", configuration(lab, more: String(more))).status == 0)
        #expect(try pod.call("contrail-cni", "DEL", configuration(lab, more: String(more))).status == 0)
        #expect(FileManager.default.fileExists(atPath: file))
        try Data(#"{"type": "pci", "pci": {"pci-address": "0000:03:02.0"}}"#.utf8).write(
            to: URL(fileURLWithPath: file)
        )
        let error = try pod.call("contrail-cni", "ADD", configuration(lab, more: String(more))).error()
        #expect(error.code == 7 && error.message.contains(file), "\(error)")
        #expect(try lab.leftovers().filter { !$0.hasPrefix("devinfo") } == [])
    }

    @Test(.rule("DPDK-4"))
    func `with a dead agent the deletion is owed; a newer sandbox's port is not hit when it is paid`() throws
    {
        let lab = try lab()
        let (old, new) = (try lab.pod("vm"), try lab.pod("vm", sandbox: "2"))
        #expect(try old.call("contrail-cni", "ADD", configuration(lab)).status == 0)
        let vmi = try lab.port(of: old).vmi
        lab.simulator?.stop()
        #expect(try old.call("contrail-cni", "DEL", configuration(lab)).status == 0)
        #expect(try lab.leftovers().contains { $0.hasPrefix("state/owed/\(vmi)") })
        let file = "\(lab.simulator?.folder.path ?? "")/ports/\(vmi)"
        #expect(!FileManager.default.fileExists(atPath: file), "the agent would load it")
        try lab.simulator?.restart()
        #expect(try new.call("contrail-cni", "ADD", configuration(lab)).status == 0)
        #expect(try !lab.leftovers().contains { $0.hasPrefix("state/owed/") })
        let port = try lab.port(of: new)
        let answer = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/port/\(vmi)"]).output
        #expect(answer.contains(port.systemName), "\(answer)")
        #expect(try old.call("contrail-cni", "DEL", configuration(lab)).status == 0)
        let still = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/port/\(vmi)"]).output
        #expect(still.contains(port.systemName), "\(still)")
        #expect(try new.call("contrail-cni", "DEL", configuration(lab)).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("DEL-2"), arguments: ["missing", "cut short"])
    func `without its record the agent's port and its file go all the same`(record: String) throws {
        let lab = try lab()
        let pod = try lab.pod("vm")
        #expect(try pod.call("contrail-cni", "ADD", configuration(lab)).status == 0)
        let vmi = try lab.port(of: pod).vmi
        let file = "\(lab.simulator?.folder.path ?? "")/ports/\(vmi)"
        #expect(FileManager.default.fileExists(atPath: file))
        let path = "\(lab.folder.path)/run/interfaces/\(pod.containerID)/eth0.json"
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        if record == "missing" {
            try FileManager.default.removeItem(atPath: path)
        } else {
            try content.prefix(content.count / 2).write(to: URL(fileURLWithPath: path))
        }
        #expect(try pod.call("contrail-cni", "DEL", configuration(lab)).status == 0)
        let after = try lab.node.run(["curl", "-s", "http://127.0.0.1:9091/port/\(vmi)"]).output
        #expect(after.contains("Not Found"), "\(after)")
        #expect(!FileManager.default.fileExists(atPath: file))
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test func `limits on a vhost-user port are refused by name`() throws {
        let lab = try lab()
        let limit = #", "bandwidth": {"ingressRate": 8000000, "ingressBurst": 80000}}"#
        let error = try lab.pod("vm").call(
            "contrail-cni",
            "ADD",
            configuration(lab, more: Self.vm.dropLast() + limit)
        ).error()
        #expect(error.code == 2 && error.message.contains("bandwidth"), "\(error)")
        #expect(try lab.leftovers().isEmpty)
    }
}

extension PluginLab {
    /// The port in a pod's record.
    func port(of pod: TestPod) throws -> (kind: String, vmi: String, systemName: String) {
        let path = "\(folder.path)/run/interfaces/\(pod.containerID)/eth0.json"
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let port = try #require(record["port"] as? [String: Any])
        return (
            port["kind"] as? String ?? "", port["vmi"] as? String ?? "", port["systemName"] as? String ?? ""
        )
    }
}
