// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs at the same time on the same pod.
@Suite(.serialized) struct RaceNamespaceTests {
    @Test(arguments: Scenario.adds)
    func `two ADDs of one attachment at once`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        for _ in 1...(Share.isWhole ? 40 : 4) {
            let pod = try lab.pod()
            let children = try (1...2).map { _ in
                try lab.start(scenario.plugin, "ADD", pod, kind: scenario.kind)
            }
            let endings = try children.map { try $0.finish() }
            let winners = endings.filter { $0.status == 0 }
            #expect(winners.count == 1, "\(endings.map(\.summary))")
            for ending in endings where ending.status != 0 {
                #expect(ending.errorCode != nil && ending.output.contains("already"), "\(ending.summary)")
            }
            try lab.detach(pod)
            let left = try lab.difference(from: lab.pristine)
            #expect(left == "")
        }
    }

    @Test(arguments: Scenario.adds)
    func `ADD and DEL of one attachment at once`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        for _ in 1...(Share.isWhole ? 40 : 4) {
            let pod = try lab.pod()
            let children = try ["ADD", "DEL", "DEL"].map {
                try lab.start(scenario.plugin, $0, pod, kind: scenario.kind)
            }
            let endings = try children.map { try $0.finish() }
            for ending in endings { #expect(ending.status == 0, "\(ending.summary)") }
            try lab.detach(pod)
            let left = try lab.difference(from: lab.pristine)
            #expect(left == "")
        }
    }

    /// The agent's ports: the devices of its data plane, and the files in which it keeps those without one.
    private func ports(_ lab: FaultLab) throws -> [String] {
        let devices = try lab.simulator.control(#"{"command": "ports"}"#).compactMap {
            $0.firstMatch(of: /"device":"([^"]+)"/).map { String($0.1) }
        }
        let folder = "\(lab.simulator.folder.path)/ports"
        let files = TemporaryFolder.files(below: folder).filter { !$0.contains("/") }
        return try devices + files.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
    }

    @Test(arguments: Scenario.adds)
    func `a new sandbox keeps its port, whether the old one's DEL comes late, is owed, or both`(
        scenario: Scenario
    ) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        for isOwed in [false, true] {
            let old = try lab.prepared()
            try lab.succeed(lab.call("ADD", old))
            if isOwed {
                _ = try lab.simulator.control(#"{"command": "set", "switch": "refuse"}"#)
                try lab.detach(old)
                _ = try lab.simulator.control(#"{"command": "set", "switch": "refuse", "value": false}"#)
            }
            let new = FaultPod(old.name, sandbox: "2", in: lab.other)
            for plugin in scenario.before {
                new.result = try lab.succeed(lab.call(plugin, "ADD", new, kind: .container)).output
            }
            try lab.succeed(lab.call("ADD", new))
            let attached = try ports(lab)
            #expect(attached.count == 2)
            // A late DEL, another pod's call that would pay, and a repeated DEL.
            try lab.detach(old)
            try lab.payDebts()
            try lab.detach(old)
            let after = try ports(lab)
            #expect(after == attached, "owed: \(isOwed)")
            try lab.detach(new)
            let left = try lab.difference(from: lab.pristine)
            #expect(left == "", "owed: \(isOwed)")
        }
    }
}
