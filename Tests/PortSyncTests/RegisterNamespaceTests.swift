// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PreparedInterface
import TestSupport
import Testing

@testable import PortSync

@Suite(.serialized) struct RegisterNamespaceTests {
    private static let twin = ["eth0", "net1"]

    @Test func `after the agent has restarted all ports are registered again at once`() throws {
        let lab = try SyncLab(more: SyncLab.pods(1...3))
        let port = try lab.record(1...3)
        try lab.start(interval: 600)
        #expect(try lab.wait { try lab.device(port) == port.port?.systemName })
        for restart in 1...3 {
            if restart == 2 { lab.simulator.stop() } else { lab.simulator.crash() }
            #expect(try lab.wait { try lab.metric("contrail_vm_agent_up") == 0 })
            // Nothing but port-sync can bring them back: their devices are not there.
            try lab.simulator.restart()
            #expect(try lab.wait(6) { try lab.statistic("machinePorts") == 3 })
            #expect(try lab.wait { try lab.metric("contrail_vm_agent_restarts_total") == restart })
            let isWhole = try lab.wait {
                try lab.metric("contrail_vm_reregistrations_total") == 3 + 3 * restart
            }
            #expect(isWhole)
        }
        #expect(try lab.metric("contrail_vm_registration_failures_total") == 0)
        let last = try #require(try lab.metric("contrail_vm_last_sync_timestamp_seconds"))
        #expect(abs(Int(Date().timeIntervalSince1970) - last) < 60)
        #expect(lab.end() == 0)
    }

    /// The agent removes what was not posted again in time, and does not survive a stale VM of two interfaces.
    private static func stale() throws -> SyncLab {
        try SyncLab(
            more: SyncLab.pods(1...2, interfaces: twin)
                + #", "staleTimeoutMilliseconds": 2500, "switches": {"crashOnStaleMachine": true}"#
        )
    }

    @Test func `without port-sync a foreign syncports ends the agent`() throws {
        let lab = try Self.stale()
        let port = try lab.record(1...2, interfaces: Self.twin)
        let once = try lab.run("--once")
        #expect(once.status == 0, "\(once.errors)")
        #expect(try lab.device(port) == port.port?.systemName)
        #expect(try lab.agent("POST", "/syncports") == "{}")
        #expect(try lab.wait { !lab.simulator.isRunning })
    }

    @Test func `with port-sync a foreign syncports harms no port`() throws {
        let lab = try Self.stale()
        let port = try lab.record(1...2, interfaces: Self.twin)
        try lab.start(interval: 1)
        #expect(try lab.wait { try lab.statistic("machinePorts") == 4 })
        for _ in 0..<3 {
            #expect(try lab.agent("POST", "/syncports") == "{}")
            usleep(1_700_000)
        }
        usleep(3_000_000)
        #expect(lab.simulator.isRunning)
        #expect(try lab.statistic("machinePorts") == 4)
        #expect(try lab.device(port) == port.port?.systemName)
        #expect(try lab.metric("contrail_vm_agent_restarts_total") == 0)
        #expect(lab.end() == 0)
    }

    @Test func `a thousand ports are registered again within seconds, one request after another`() throws {
        let lab = try SyncLab()
        try lab.record(1...1000)
        let start = Date()
        let once = try lab.run("--once")
        let seconds = Date().timeIntervalSince(start)
        #expect(once.status == 0, "\(once.errors)")
        #expect(try lab.statistic("machinePorts") == 1000)
        // The watch, the requests, and this look at the statistics' own.
        #expect(try lab.statistic("connections") <= 2)
        try lab.start(interval: 600)
        #expect(try lab.wait { try lab.metric("contrail_vm_reregistrations_total") == 1000 })
        lab.simulator.crash()
        try lab.simulator.restart()
        let restarted = Date()
        #expect(try lab.wait(15) { try lab.statistic("machinePorts") == 1000 })
        let again = Date().timeIntervalSince(restarted)
        let status = try String(contentsOfFile: "/proc/\(lab.pid)/status", encoding: .utf8)
        let memory = try #require(status.firstMatch(of: /VmRSS:\s+(\d+) kB/).flatMap { Int($0.1) })
        print("1000 ports: \(seconds) s with files to write, \(again) s after a restart; VmRSS \(memory) kB")
        #expect(seconds < 10 && again < 10)
        #expect(memory < 12_000)
    }

    @Test func `the agent's files are written anew where they are missing, spoiled or a dead container's`()
        throws
    {
        let lab = try SyncLab()
        let pods = try (1...4).map { try lab.pod("web\($0)") }
        for pod in pods { #expect(try pod.call("contrail-cni", "ADD", lab.plugin).status == 0) }
        let files = try pods.map { pod in
            let folder = "\(lab.configFolder)/k8s__default__\(pod.name)"
            return
                "\(folder)/\(try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first))"
        }
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        try lab.start(interval: 600)
        #expect(try lab.wait { try lab.metric("contrail_vm_reregistrations_total") == 4 })
        #expect(!lab.log.contains("anew"))
        lab.end()
        try FileManager.default.removeItem(atPath: files[0])
        try "{\"vm-uuid\": ".write(toFile: files[1], atomically: false, encoding: .utf8)
        try texts[2].replacing(pods[2].containerID, with: "dead").write(
            toFile: files[2],
            atomically: false,
            encoding: .utf8
        )
        try Data().write(to: URL(fileURLWithPath: files[3]))
        #expect(try lab.run("--once").status == 0)
        for (file, text) in zip(files, texts) {
            // Byte for byte what the plugin wrote: the same registration.
            #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        }
        for pod in pods { #expect(try pod.call("contrail-cni", "DEL", lab.plugin).status == 0) }
        #expect(lab.leftovers().isEmpty)
    }

    @Test func `a port that the agent forgot while a new sandbox took it goes to the new one`() throws {
        let lab = try SyncLab()
        let (old, new) = (try lab.pod("web", sandbox: "old"), try lab.pod("web", sandbox: "new"))
        #expect(try old.call("contrail-cni", "ADD", lab.plugin).status == 0)
        #expect(try new.call("contrail-cni", "ADD", lab.plugin).status == 0)
        let folder = "\(lab.configFolder)/k8s__default__web"
        let vmi = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        func holder() throws -> String {
            let text = try String(contentsOfFile: "\(folder)/\(vmi)", encoding: .utf8)
            return text.contains("web-sandbox-new") ? "new" : "old"
        }
        #expect(try lab.run("--once").status == 0)
        #expect(try holder() == "new")
        try FileManager.default.removeItem(atPath: "\(folder)/\(vmi)")
        #expect(try lab.run("--once").status == 0)
        #expect(try holder() == "new")
        try lab.start()
        #expect(try lab.wait { try lab.metric("contrail_vm_ports") == 2 })
        // Twice the same labels would spoil the whole page.
        let page = try lab.node.run(["curl", "-s", "http://127.0.0.1:9812/metrics"]).output
        #expect(page.matches(of: /contrail_vm_port_up\{/).count == 1)
        #expect(try old.call("contrail-cni", "DEL", lab.plugin).status == 0)
        #expect(try lab.wait { try lab.metric("contrail_vm_ports") == 1 })
        #expect(try holder() == "new")
    }

    @Test func `a VM that is being worked on is come back to, and keeps no other from its turn`() throws {
        let lab = try SyncLab()
        try lab.record(1...3)
        let lock = "\(lab.folder.path)/run/locks/k8s__default__vm2"
        try FileManager.default.createDirectory(
            atPath: "\(lab.folder.path)/run/locks",
            withIntermediateDirectories: true
        )
        let holder = try TestProgram.start("flock", "-x", lock, "sleep", "3")
        usleep(200_000)
        let start = Date()
        try lab.start(interval: 600)
        #expect(try lab.wait(2) { try lab.metric("contrail_vm_reregistrations_total") == 2 })
        #expect(Date().timeIntervalSince(start) < 2)
        #expect(try lab.wait { try lab.metric("contrail_vm_reregistrations_total") == 3 })
        #expect(!holder.isRunning)
        holder.waitUntilExit()
    }

    @Test func `a port whose DEL ran is not registered again`() throws {
        let lab = try SyncLab()
        try lab.start(interval: 600)
        for turn in 1...8 {
            let pod = try lab.pod("web\(turn)")
            #expect(try pod.call("contrail-cni", "ADD", lab.plugin).status == 0)
            let vm = try #require(
                try lab.agent("GET", "/vm-cfg/k8s__default__\(pod.name)").firstMatch(
                    of: /"vm-uuid": "([^"]+)"/
                )?.1
            )
            // A storm of rounds while DEL runs.
            let pid = lab.pid
            let storm = PlainThread {
                for _ in 0..<200 {
                    kill(pid, SIGHUP)
                    usleep(1000)
                }
            }
            #expect(try pod.call("contrail-cni", "DEL", lab.plugin).status == 0)
            storm.join()
            lab.signal(SIGHUP)
            usleep(100_000)
            #expect(try lab.agent("GET", "/vm/\(vm)").contains("Not Found"))
        }
        #expect(try lab.wait { try lab.metric("contrail_vm_ports") == 0 })
        #expect(lab.end() == 0)
        #expect(lab.leftovers().isEmpty)
    }

    @Test func `an agent that refuses is asked again soon, and one that hangs is left alone for a while`()
        throws
    {
        let lab = try SyncLab(
            more: #", "faults": [{"kind": "status", "path": "/vm", "method": "POST", "times": 3}]"#
        )
        try lab.record(1...3)
        try lab.start(interval: 600)
        #expect(try lab.wait { try lab.metric("contrail_vm_registration_failures_total") == 3 })
        #expect(try lab.wait { try lab.metric("contrail_vm_reregistrations_total") == 3 })
        #expect(lab.log.contains("refused with status 503"))
        lab.simulator.pause()
        lab.signal(SIGHUP)
        #expect(try lab.wait { try lab.metric("contrail_vm_agent_up") == 0 })
        lab.simulator.resume()
        #expect(try lab.wait { try lab.metric("contrail_vm_agent_up") == 1 })
        #expect(try lab.wait { try lab.metric("contrail_vm_reregistrations_total") ?? 0 >= 6 })
        // It hung; it did not end.
        #expect(try lab.metric("contrail_vm_agent_restarts_total") == 0)
    }

    @Test func `vhost-user ports are registered again, also where their file was spoiled`() throws {
        let lab = try SyncLab(more: SyncLab.pods(1...2))
        for number in 1...2 {
            var value = try lab.record(number...number)
            value.port?.kind = .port
            try lab.store.save(record: value)
        }
        try lab.start(interval: 600)
        #expect(try lab.wait { try lab.statistic("ports") == 2 })
        #expect(try lab.statistic("machinePorts") == 0)
        let vmis = try (1...2).map { try #require(try PreparedInterface.port($0).port?.vmi.text) }
        let files = vmis.map { "\(lab.simulator.folder.path)/ports/\($0)" }
        let text = try String(contentsOfFile: files[0], encoding: .utf8)
        #expect(text.contains("k8s__default__vm1") && text.contains("\"vhostuser-mode\": 1"))
        lab.simulator.crash()
        try Data().write(to: URL(fileURLWithPath: files[0]))
        try FileManager.default.removeItem(atPath: files[1])
        try lab.simulator.restart()
        #expect(try lab.wait { try lab.statistic("ports") == 2 })
        for (number, file) in files.enumerated() {
            #expect(
                try String(contentsOfFile: file, encoding: .utf8).contains("k8s__default__vm\(number + 1)")
            )
        }
        #expect(lab.end() == 0)
    }
}
