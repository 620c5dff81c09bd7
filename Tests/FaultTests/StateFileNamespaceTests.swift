// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// State files that are lost, cut short or spoiled, as after a full disk or a power failure.
@Suite(.serialized) struct StateFileNamespaceTests {
    static let parts = 12

    /// Scenarios that must write or remove files.
    static let writers = Share.points(Scenario.all.filter { ["ADD", "DEL"].contains($0.verb) }, parts: 4)

    /// What became of a file.
    enum Damage: CaseIterable {
        case missing, empty, oneByte, half, withoutItsEnd, garbage, otherObject, huge
        /// A writer was killed before its rename(2): beside the file.
        case emptyTemporary, halfTemporary
        /// ... and before the file was there at all.
        case onlyTemporary

        func apply(to path: String) throws {
            let url = URL(fileURLWithPath: path)
            let content = [UInt8](try Data(contentsOf: url))
            let temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).new")
            func put(_ bytes: some Sequence<UInt8>, _ place: URL = url) throws {
                try Data(bytes).write(to: place)
            }
            switch self {
            case .missing: try FileManager.default.removeItem(at: url)
            case .empty: try put([])
            case .oneByte: try put(content.prefix(1))
            case .half: try put(content.prefix(content.count / 2))
            case .withoutItsEnd: try put(content.dropLast())
            case .garbage: try put((0..<300).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) })
            case .otherObject: try put(#"{"schema": 1}"#.utf8)
            case .huge: try put([UInt8](repeating: 0x20, count: 2 << 20))
            case .emptyTemporary: try put([], temporary)
            case .halfTemporary: try put(content.prefix(content.count / 2), temporary)
            case .onlyTemporary:
                // A run that was killed may have left one already, which FileManager would not replace.
                guard rename(path, temporary.path) == 0 else {
                    throw FaultFailure("rename \(path): errno \(errno)")
                }
            }
        }
    }

    /// How far the ADD came whose files are damaged.
    enum Stage: CaseIterable {
        /// It has succeeded: there are a record and the agent's file.
        case finished
        /// It was killed before it wrote the record: there are a plan and the agent's file.
        case killed
    }

    /// Files of the plugin and of the agent that name the pod.
    private func files(_ lab: FaultLab, _ pod: FaultPod) -> [String] {
        [lab.folder.path, "\(lab.simulator.folder.path)/ports"].flatMap { root in
            TemporaryFolder.files(below: root).filter { $0.contains(pod.name) && !$0.contains("locks/") }.map
            { "\(root)/\($0)" }
        }
    }

    private func attach(_ stage: Stage, _ lab: FaultLab, _ pod: FaultPod, _ rename: TracedCall) throws {
        switch stage {
        case .finished: try lab.succeed(lab.call("ADD", pod))
        case .killed: _ = try lab.call("ADD", pod, wrapper: rename.inject("signal=KILL"))
        }
    }

    struct Point: CustomStringConvertible {
        let stage: Stage
        let damage: Damage
        /// Which of the files; nil for all at once.
        let file: Int?
        var description: String { "\(stage), \(damage), file \(file.map(String.init) ?? "s all")" }
    }

    @Test(arguments: Scenario.adds)
    func `DEL and a new ADD after damage to state files`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario, keepsBase: false)
        let rename = try #require(try lab.trace().last { $0.name == "rename" })
        var all: [Point] = []
        var names: [Stage: Set<String>] = [:]
        for stage in Stage.allCases {
            let pod = try lab.pod()
            try attach(stage, lab, pod, rename)
            let count = files(lab, pod).count
            // The file of a port at which a VM monitor listens is the agent's own.
            #expect(count >= (scenario.kind.name == Scenario.Kind.vhostUser.name ? 1 : 2))
            names[stage] = Set(files(lab, pod).map { URL(fileURLWithPath: $0).pathExtension })
            try lab.detach(pod)
            for damage in Damage.allCases {
                all += (0..<count).map { Point(stage: stage, damage: damage, file: $0) }
                all.append(Point(stage: stage, damage: damage, file: nil))
            }
        }
        #expect(names[.finished]?.contains("json") == true && names[.killed]?.contains("plan") == true)
        let points = Share.points(all, parts: Self.parts)
        let leaks = try eachPoint(of: points, in: scenario, lab, keepsBase: false) { point, lab in
            let pod = try lab.pod()
            try attach(point.stage, lab, pod, rename)
            for (place, path) in files(lab, pod).enumerated() where point.file == nil || point.file == place {
                try point.damage.apply(to: path)
            }
            try lab.detach(pod)
            let left = try lab.difference(from: lab.pristine)
            guard left.isEmpty else { return "DEL left\n\(left)" }
            let again = FaultPod(pod.name, in: pod.namespace)
            for plugin in scenario.before {
                again.result = try lab.succeed(lab.call(plugin, "ADD", again, kind: .container)).output
            }
            try lab.succeed(lab.call("ADD", again))
            try lab.detach(again)
            return try lab.difference(from: lab.pristine)
        }
        print("\(scenario.name): \(points.count) of \(all.count) damaged files, \(leaks) leaks")
    }

    @Test(arguments: Damage.allCases)
    func `a damaged debt`(damage: Damage) throws {
        let lab = try FaultLab(Scenario.all[0])
        let pod = try lab.pod()
        try lab.succeed(lab.call("ADD", pod))
        _ = try lab.simulator.control(#"{"command": "set", "switch": "refuse"}"#)
        try lab.succeed(lab.call("DEL", pod))
        _ = try lab.simulator.control(#"{"command": "set", "switch": "refuse", "value": false}"#)
        let debts = files(lab, pod).filter { $0.contains("/owed/") }
        #expect(debts.count == 1)
        for debt in debts { try damage.apply(to: debt) }
        // A DEL that was killed before its debt was noted is repeated.
        if damage == .onlyTemporary { try lab.succeed(lab.call("DEL", pod)) }
        // The pod's next sandbox takes the port over, whatever was owed for the old one.
        let next = FaultPod(pod.name, sandbox: "2", in: lab.other)
        try lab.succeed(lab.call("ADD", next))
        try lab.succeed(lab.call("DEL", next))
        try lab.payDebts()
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "")
    }

    @Test(arguments: [Damage.empty, .oneByte, .half, .withoutItsEnd, .garbage, .huge])
    func `a damaged sandbox file`(damage: Damage) throws {
        let lab = try FaultLab(Scenario.all[0])
        let pod = try lab.pod()
        let file = "run/sandboxes/\(pod.containerID).json"
        lab.folder.write(#"{"vmInterface": {"kind": "tap", "queues": 1, "ownerUID": 64200}}"#, to: file)
        try lab.succeed(lab.call("ADD", pod))
        try damage.apply(to: lab.folder.path(file))
        try lab.succeed(lab.call("DEL", pod))
        let ending = try lab.call("ADD", pod)
        #expect(ending.errorCode != nil && ending.output.contains(lab.folder.path(file)), "\(ending.summary)")
        try lab.succeed(lab.call("DEL", pod))
        try FileManager.default.removeItem(atPath: lab.folder.path("run/sandboxes"))
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "")
    }

    @Test(arguments: ["", "garbage", "123456"])
    func `a lock file that was left, whatever is in it`(content: String) throws {
        let lab = try FaultLab(Scenario.all[0])
        let pod = try lab.pod()
        lab.folder.write(content, to: "run/locks/k8s__default__\(pod.name)")
        try lab.succeed(lab.call("ADD", pod))
        lab.folder.write(content, to: "run/locks/k8s__default__\(pod.name)")
        try lab.succeed(lab.call("DEL", pod))
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "")
    }

    @Test(arguments: writers, ["run", "state", "config"])
    func `a read-only folder`(scenario: Scenario, name: String) throws {
        let lab = try FaultLab(scenario)
        let pod = try lab.prepared()
        let folder = name == "config" ? "\(lab.simulator.folder.path)/ports/vm" : lab.folder.path(name)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let before = try lab.snapshot()
        let mount = "mount --bind \(folder) \(folder) && mount -o remount,bind,ro \(folder) && exec \"$@\""
        let ending = try lab.call(
            scenario.verb,
            pod,
            wrapper: ["unshare", "-m", "--propagation", "private", "sh", "-c", mount, "sh"]
        )
        if ending.status != 0 {
            #expect(ending.errorCode != nil && ending.output.contains(folder), "\(ending.summary)")
            if scenario.verb == "ADD" {
                let change = try lab.difference(from: before)
                #expect(change == "", "\(ending.summary)")
            }
        }
        // Without its own folder nothing can be done; what is owed goes elsewhere, and only if the agent is down.
        // The file of a port at which a VM monitor listens is written by the agent, which can.
        let writesPorts =
            scenario.plugin == "contrail-cni" && scenario.kind.name != Scenario.Kind.vhostUser.name
        #expect((ending.status != 0) == (name == "run" || name == "config" && writesPorts))
        let left = try lab.leftAfterDelete(pod)
        #expect(left == "")
        try lab.end()
    }
}
