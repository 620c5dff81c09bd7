// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import TestSupport

/// A node with a simulated agent, a pod that stays attached all the time, and a scenario.
final class FaultLab {
    let scenario: Scenario
    let node: TestNamespace
    let folder = TemporaryFolder()
    let simulator: TestSimulator
    /// Where the pods of this lab live, one after another.
    let namespace: TestNamespace
    /// The namespace of second sandboxes.
    let other: TestNamespace
    private let keeper: FaultPod
    private var count = 0
    /// Seconds for one request, and how many of them an ADD may take.
    var limits = (seconds: 1, retries: 4)

    /// Before anything of the scenario.
    private(set) var pristine = Snapshot()
    /// What the plugin under test finds: after the plugins before it.
    private(set) var base = Snapshot()
    /// The pod that all points use where plugins come before, whose work stays.
    private var chained: FaultPod?

    /// Makes the node.
    ///
    /// `keepsBase`: whether the plugins before run once, for one pod; else for each pod anew. `dataPlane`: whether ports get a
    /// network.
    init(_ scenario: Scenario, keepsBase: Bool = true, dataPlane: Bool = true) throws {
        self.scenario = scenario
        node = try TestNamespace("node")
        namespace = try TestNamespace("pod")
        other = try TestNamespace("pod")
        simulator = try TestSimulator(node: node, dataPlane: dataPlane, more: scenario.kind.simulator)
        // One port stays: the bridge keeps its carrier. The first run also makes what later ones find.
        keeper = FaultPod("keeper", in: try TestNamespace("pod"))
        try succeed(call("contrail-cni", "ADD", keeper, kind: .container))
        let first = FaultPod("first", in: namespace)
        try succeed(call("contrail-cni", "ADD", first, kind: .container))
        try succeed(call("contrail-cni", "DEL", first, kind: .container))
        pristine = try snapshot()
        base = pristine
        guard keepsBase, !scenario.before.isEmpty else { return }
        let pod = FaultPod("chained", in: namespace)
        for plugin in scenario.before {
            pod.result = try succeed(call(plugin, "ADD", pod, kind: .container)).output
        }
        try settle(pod)
        base = try snapshot()
        chained = pod
    }

    /// A pod for a point, with the work of the plugins before: a new one, or the one that keeps it.
    func pod(in place: TestNamespace? = nil) throws -> FaultPod {
        if let chained { return chained }
        count += 1
        let pod = FaultPod("web-\(count)", in: place ?? namespace)
        for plugin in scenario.before {
            pod.result = try succeed(call(plugin, "ADD", pod, kind: .container)).output
        }
        return pod
    }

    /// The whole list's DEL, last plugin first.
    func detach(_ pod: FaultPod) throws {
        try succeed(call("DEL", pod))
        for plugin in scenario.before.reversed() {
            try succeed(call(plugin, "DEL", pod, kind: .container))
        }
    }

    /// Undoes what was done for a point: all of the list, or the last plugin's part where the others' stays.
    func release(_ pod: FaultPod) throws {
        if pod === chained { try succeed(call("DEL", pod)) } else { try detach(pod) }
    }

    /// Takes the work of the plugins before away at the end of a scenario.
    func end() throws {
        if let chained {
            try detach(chained)
            self.chained = nil
        }
    }

    /// Runs a verb of the plugin under test.
    func call(_ verb: String, _ pod: FaultPod, wrapper: [String] = []) throws -> Child.Ending {
        try call(scenario.plugin, verb, pod, kind: scenario.kind, wrapper: wrapper)
    }

    func call(
        _ plugin: String,
        _ verb: String,
        _ pod: FaultPod,
        kind: Scenario.Kind,
        wrapper: [String] = []
    ) throws -> Child.Ending {
        try start(plugin, verb, pod, kind: kind, wrapper: wrapper).finish()
    }

    /// Starts a verb of a plugin.
    func start(
        _ plugin: String,
        _ verb: String,
        _ pod: FaultPod,
        kind: Scenario.Kind,
        wrapper: [String] = []
    ) throws -> Child {
        try line(plugin, verb, pod, kind: kind, wrapper: wrapper).start()
    }

    /// All that a run needs, without this lab.
    struct Line: Sendable {
        let arguments: [String]
        let environment: [String: String]
        let input: String
        let namespace: TestNamespace

        func start() throws -> Child {
            try Child(arguments, environment: environment, input: input, in: namespace)
        }
    }

    /// What runs a verb of the plugin under test.
    func line(_ verb: String, _ pod: FaultPod) -> Line {
        line(scenario.plugin, verb, pod, kind: scenario.kind, wrapper: [])
    }

    private func line(
        _ plugin: String,
        _ verb: String,
        _ pod: FaultPod,
        kind: Scenario.Kind,
        wrapper: [String]
    ) -> Line {
        Line(
            arguments: wrapper + [TestPrograms.plugin(plugin)],
            environment: [
                "CNI_COMMAND": verb, "CNI_CONTAINERID": pod.containerID, "CNI_NETNS": pod.namespace.path,
                "CNI_IFNAME": "eth0", "CNI_PATH": "/usr/lib/cni",
                "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=\(pod.name)",
            ],
            input: configuration(
                plugin,
                kind,
                previous: verb == "CHECK" ? pod.added : pod.result,
                verb: verb
            ),
            namespace: node
        )
    }

    private func configuration(
        _ plugin: String,
        _ kind: Scenario.Kind,
        previous: String?,
        verb: String
    ) -> String {
        let isChained = plugin == scenario.plugin && !scenario.before.isEmpty
        let result = isChained || verb == "CHECK" ? previous : nil
        let valid = #", "cni.dev/valid-attachments": [{"containerID": "keeper-sandbox-1", "ifname": "eth0"}]"#
        let attachments = verb == "GC" ? valid : ""
        let keys = kind.keys.replacing("$FOLDER", with: folder.path)
        return """
            {"cniVersion": "1.1.0", "name": "pods", "type": "\(plugin)", "run-dir": "\(folder.path)/run",
             "contrail": {"config-dir": "\(simulator.folder.path)/ports/vm", "run-dir": "\(folder.path)/run",
             "state-dir": "\(folder.path)/state", "log-file": "\(folder.path)/log", "poll-timeout": \(limits.seconds),
             "poll-retries": \(limits.retries)\(keys)}\(kind.members)\(attachments)\(result.map { ", \"prevResult\": \($0)" } ?? "")}
            """
    }

    /// Waits until the kernel has finished by itself what follows a new link.
    private func settle(_ pod: FaultPod) throws {
        guard try pod.namespace.pings("10.47.255.254"), try pod.namespace.pings("fd00:47::fe") else {
            throw FaultFailure("\(pod.name) does not reach its gateways")
        }
    }

    @discardableResult
    func succeed(_ ending: Child.Ending) throws -> Child.Ending {
        guard ending.status == 0 else { throw FaultFailure(ending.summary) }
        return ending
    }

    /// Starts the agent again after a crash; who configures it tells it of the pod that stays.
    func restartAgent() throws {
        try simulator.restart()
        try succeed(
            Child(["curl", "-sf", "http://127.0.0.1:9091/vm-cfg/k8s__default__keeper"], in: node).finish()
        )
    }

    // MARK: State

    /// All that a plugin could leave.
    func snapshot() throws -> Snapshot {
        var snapshot = Snapshot()
        for (name, place) in [("node", node), ("pod", namespace), ("other pod", other)] {
            try snapshot.add(name, kernelStateOf: place)
        }
        snapshot.add("mounts", mountsAndNamespaces())
        snapshot.add("files", files())
        snapshot.add("agent", try simulator.control(#"{"command": "ports"}"#, without: ["drops"]))
        return snapshot
    }

    /// How the state differs from another, once the agent and the kernel have had time: empty where it does not.
    ///
    /// `without`: lines with this text don't count.
    func difference(from expected: Snapshot, without text: String? = nil) throws -> String {
        var difference = ""
        for _ in 1...10 {
            let lines = try snapshot().difference(from: expected).split(separator: "\n")
            difference = lines.filter { line in text.map { !line.contains($0) } ?? true }.joined(
                separator: "\n"
            )
            if difference.isEmpty { return "" }
            usleep(100_000)
        }
        return difference
    }

    /// Files and folders of plugins and agent, with their content, but for the log.
    private func files() -> [String] {
        var lines: [String] = []
        for root in [folder.path, "\(simulator.folder.path)/ports"] {
            for name in TemporaryFolder.names(below: root) where name != "log" {
                // Our own folders stay when they are empty.
                if ["run", "run/locks", "run/interfaces", "state", "state/owed", "vm"].contains(name) {
                    continue
                }
                let content = TestFile.read("\(root)/\(name)") ?? ""
                lines.append("\(name) \(content.utf8.count) bytes \(content.prefix(4000))")
            }
        }
        return lines.sorted()
    }

    /// Mounts and named namespaces, without those of other tests that run beside this one.
    private func mountsAndNamespaces() -> [String] {
        let ours = [node.name, namespace.name, other.name, folder.path, simulator.folder.path]
        let mounts = (TestFile.read("/proc/self/mounts") ?? "").split(separator: "\n").map(String.init)
        return mounts.filter { line in
            ours.contains { line.contains($0) }
                || !["/run/netns", "/tmp/", "/var/tmp/"].contains { line.contains($0) }
        }
    }
}

extension TemporaryFolder {
    /// Files and folders below a folder, by their paths in it, sorted.
    static func names(below path: String) -> [String] {
        (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted()
    }

    /// Files below a folder, by their paths in it, sorted.
    static func files(below path: String) -> [String] {
        names(below: path).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }
}
