// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A run that stands still for a long time, as under memory pressure or in a debugger, while the runtime goes on.
@Suite(.serialized) struct StopNamespaceTests {
    /// A GC is left out: it works on all pods, and here many of them wait for it.
    static let scenarios = Share.points(Scenario.all.filter { $0.verb != "GC" }, parts: 4)

    /// Seconds that each run stands still.
    static let pause: Double = Share.isWhole ? 60 : 2

    /// All points of a scenario at once, each with a pod of its own: stopped after each of its effects.
    private func stopped(_ scenario: Scenario, _ lab: FaultLab) throws -> [StoppedRun] {
        let points = try lab.trace().filter { $0.isEffect && $0.canFail }
        lab.limits = (1, 8)
        var runs: [StoppedRun] = []
        for point in points {
            let pod = try lab.prepared(in: TestNamespace("pod"))
            let run = try StoppedRun(scenario.verb, pod, after: point, in: lab)
            if try run.isStopped() { runs.append(run) } else { _ = try run.finish() }
        }
        #expect(runs.count >= points.count - 1, "of \(points.count) points only \(runs.count) were met")
        return runs
    }

    @Test(arguments: scenarios)
    func `a new sandbox and a late DEL while a run stands still`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        let runs = try stopped(scenario, lab)
        let start = Date()
        lab.limits = (1, 2)
        let news = try runs.map { FaultPod($0.pod.name, sandbox: "2", in: try TestNamespace("pod")) }
        let clean = try Snapshot.empty()
        let late = try runs.map { try lab.start(scenario.plugin, "DEL", $0.pod, kind: scenario.kind) }
        var open = news
        var refused = 0
        for plugin in scenario.plugins {
            let kind = plugin == scenario.plugin ? scenario.kind : .container
            let children = try open.map { try lab.start(plugin, "ADD", $0, kind: kind) }
            var succeeded: [FaultPod] = []
            for (pod, child) in zip(open, children) {
                let ending = try child.finish(seconds: 100)
                pod.result = ending.output
                if ending.status == 0 {
                    succeeded.append(pod)
                } else {
                    refused += 1
                    #expect(ending.errorCode == 11, "\(plugin) ADD of a new sandbox: \(ending.summary)")
                }
            }
            open = succeeded
        }
        usleep(UInt32(max(0, Self.pause - Date().timeIntervalSince(start)) * 1_000_000))
        for run in runs { run.resume() }
        for run in runs {
            let ending = try run.finish()
            #expect(ending.status == 0 || ending.errorCode != nil, "\(scenario.name): \(ending.summary)")
        }
        for child in late {
            let ending = try child.finish(seconds: 100)
            #expect(ending.status == 0 || ending.errorCode == 11, "late DEL: \(ending.summary)")
        }
        for pod in runs.map(\.pod) + news { try lab.detach(pod) }
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "", "\(scenario.name)")
        for pod in runs.map(\.pod) + news {
            let state = try Snapshot(kernelStateOf: pod.namespace).difference(from: clean)
            #expect(state == "", "\(scenario.name), pod \(pod.name)")
        }
        print(
            "\(scenario.name): \(runs.count) runs stood still for \(Int(Self.pause)) s, \(refused) new sandboxes were told to try again"
        )
    }

    @Test(arguments: scenarios)
    func `a pod's namespace that vanishes while a run stands still`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        let runs = try stopped(scenario, lab)
        for run in runs { try TestProgram.succeed("ip", "netns", "del", run.pod.namespace.name) }
        for run in runs { run.resume() }
        for run in runs {
            let ending = try run.finish()
            #expect(ending.status == 0 || ending.errorCode != nil, "\(scenario.name): \(ending.summary)")
        }
        for run in runs { try lab.detach(run.pod) }
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "", "\(scenario.name)")
    }

    @Test(arguments: scenarios)
    func `a pod's namespace that has gone before`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        let pod = try lab.prepared(in: TestNamespace("pod"))
        try TestProgram.succeed("ip", "netns", "del", pod.namespace.name)
        let ending = try lab.call(scenario.verb, pod)
        let isRight = scenario.verb == "DEL" ? ending.status == 0 : ending.errorCode != nil
        #expect(isRight, "\(ending.summary)")
        try lab.detach(pod)
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "", "\(scenario.name)")
    }
}
