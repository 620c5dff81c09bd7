// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import PortSync

@Suite(.serialized) struct OwedNamespaceTests {
    @Test func `what is owed is paid when the agent is there again`() throws {
        let lab = try SyncLab()
        let pods = try (1...3).map { try lab.pod("web\($0)") }
        for pod in pods { #expect(try pod.call("contrail-cni", "ADD", lab.plugin).status == 0) }
        lab.simulator.pause()
        try lab.start(interval: 600)
        for pod in pods { #expect(try pod.call("contrail-cni", "DEL", lab.plugin).status == 0) }
        #expect(lab.folder.files().count { $0.hasPrefix("state/owed/") } == 3)
        lab.simulator.resume()
        #expect(try lab.wait { try lab.metric("contrail_vm_owed_paid_total") == 3 })
        #expect(try lab.metric("contrail_vm_owed_deletions") == 0)
        #expect(try lab.statistic("machinePorts") == 0)
        #expect(lab.end() == 0)
        #expect(lab.leftovers().isEmpty)
    }

    @Test func `a debt of an older sandbox does not hit the new one's port`() throws {
        let lab = try SyncLab()
        let (old, new) = (try lab.pod("web", sandbox: "old"), try lab.pod("web", sandbox: "new"))
        #expect(try old.call("contrail-cni", "ADD", lab.plugin).status == 0)
        lab.simulator.pause()
        #expect(try old.call("contrail-cni", "DEL", lab.plugin).status == 0)
        let name = try #require(lab.folder.files().first { $0.hasPrefix("state/owed/") })
        let debt = lab.folder.text(name)
        lab.simulator.resume()
        // The new sandbox pays what is owed for its pod; a debt that comes back late must do no harm.
        #expect(try new.call("contrail-cni", "ADD", lab.plugin).status == 0)
        #expect(!lab.folder.files().contains { $0.hasPrefix("state/owed/") })
        try Data(debt.utf8).write(to: URL(fileURLWithPath: "\(lab.folder.path)/\(name)"))
        try lab.start()
        #expect(try lab.wait { try lab.metric("contrail_vm_owed_paid_total") == 1 })
        #expect(!lab.folder.files().contains { $0.hasPrefix("state/owed/") })
        #expect(try lab.statistic("machinePorts") == 1)
        let vm = try #require(
            try lab.agent("GET", "/vm-cfg/k8s__default__web").firstMatch(of: /"vm-uuid": "([^"]+)"/)?.1
        )
        #expect(try lab.agent("GET", "/vm/\(vm)").contains("system-name"))
    }

    @Test func `a late DEL with a dead agent owes a deletion that spares the newer sandbox`() throws {
        let lab = try SyncLab()
        let (old, new) = (try lab.pod("web", sandbox: "old"), try lab.pod("web", sandbox: "new"))
        #expect(try old.call("contrail-cni", "ADD", lab.plugin).status == 0)
        #expect(try new.call("contrail-cni", "ADD", lab.plugin).status == 0)
        lab.simulator.pause()
        #expect(try old.call("contrail-cni", "DEL", lab.plugin).status == 0)
        #expect(lab.folder.files().count { $0.hasPrefix("state/owed/") } == 1)
        lab.simulator.resume()
        try lab.start()
        #expect(try lab.wait { try lab.metric("contrail_vm_owed_paid_total") == 1 })
        #expect(!lab.folder.files().contains { $0.hasPrefix("state/owed/") })
        #expect(try lab.statistic("machinePorts") == 1)
    }

    @Test func `a debt that the agent refuses keeps no other from being paid`() throws {
        let lab = try SyncLab(
            more: #", "faults": [{"kind": "status", "code": 500, "method": "DELETE", "times": 1}]"#
        )
        for number in 1...20 {
            let vmi = UUID().uuidString.lowercased()
            let owed = """
                {"vm": "\(UUID().uuidString.lowercased())", "vmi": "\(vmi)",
                 "vmName": "k8s__default__web\(number)", "containerID": "c", "systemName": "tap0"}
                """
            lab.folder.write(owed, to: "state/owed/\(vmi).c.json")
        }
        let once = try lab.run("--once")
        #expect(once.status == 1 && once.errors.contains("refused with status 500"))
        #expect(lab.folder.files().count { $0.hasPrefix("state/owed/") } == 1)
        #expect(try lab.run("--once").status == 0)
        #expect(lab.leftovers().isEmpty)
    }
}
