// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CBench
import Foundation

/// A node and a pod, each a network namespace of its own, with an empty /run.
///
/// All of it ends with this process.
final class Node {
    private let agent: Agent
    private let launcher: String
    private let pods: [Int32]

    /// Makes the node and starts its agent.
    init(_ settings: Settings) throws {
        try check(bench_enter_node(), "make a node's namespaces (this needs root)")
        for folder in ["\(Scenario.stateFolder)/vm", "/run/contrail-vm/locks", "/run/contrail-vm/interfaces"]
        {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        launcher = "\(settings.tools)/launch"
        pods = try (0..<settings.crowd).map { _ in
            try check(bench_make_namespace(), "make a pod's namespace")
        }
        agent = try Agent(settings)
    }

    /// Runs a peer for one command, for the first pod.
    func run(_ peer: Peer, _ command: String) throws -> Cost {
        try agent.reset()
        let line = try Program.output(
            [launcher, try configuration(peer, command), "/run/output.0", peer.program],
            environment: environment(peer, command, pod: 0)
        )
        return try cost(line, "\(peer.name) \(command)", pod: 0)
    }

    /// Runs a peer for one command, for all pods at once.
    func crowd(_ peer: Peer, _ command: String) throws -> CrowdCost {
        let start = DispatchTime.now().uptimeNanoseconds
        let runs = try pods.indices.map { pod in
            let figures = open("/run/cost.\(pod)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            defer { close(figures) }
            return try Program.start(
                [launcher, peer.configuration, "/run/output.\(pod)", peer.program],
                environment: environment(peer, command, pod: pod),
                output: figures
            )
        }
        for run in runs { try Program.wait(run) }
        let makespan = Int(DispatchTime.now().uptimeNanoseconds - start) / 1000
        let costs = try pods.indices.map { pod in
            let line = try String(contentsOfFile: "/run/cost.\(pod)", encoding: .utf8)
            return try cost(line, "\(peer.name) \(command)", pod: pod).cpu
        }
        return CrowdCost(makespan: makespan, cpu: costs.reduce(0, +))
    }

    /// How often a peer calls the kernel for one command for the first pod, by the calls' names.
    func systemCalls(_ peer: Peer, _ command: String) throws -> [String: Int] {
        _ = try Program.output(
            ["/usr/bin/strace", "-f", "-qq", "-o", "/run/calls", launcher]
                + [try configuration(peer, command), "/run/output.0", peer.program],
            environment: environment(peer, command, pod: 0)
        )
        // The launcher's own calls are those before its child's exec and those after its child's end.
        var calls: [String: Int] = [:]
        var child: Substring?
        for line in try String(contentsOfFile: "/run/calls", encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            // Short process ids are padded.
            guard parts.count == 2, let name = parts[1].drop(while: { $0 == " " }).split(separator: "(").first
            else { continue }
            if parts[1].contains("\"\(peer.program)\"") { child = parts[0] }
            guard parts[0] == child, !name.contains(where: { $0 == " " || $0 == "+" || $0 == "-" }) else {
                continue
            }
            calls[String(name), default: 0] += 1
        }
        return calls
    }

    private func environment(_ peer: Peer, _ command: String, pod: Int) -> [String: String] {
        Scenario.environment(
            command,
            pod: pod,
            namespace: "/proc/\(getpid())/fd/\(pods[pod])",
            plugins: peer.plugins
        )
    }

    /// The path of what a peer reads; for CHECK with the result of the ADD before.
    private func configuration(_ peer: Peer, _ command: String) throws -> String {
        guard command == "CHECK" else { return peer.configuration }
        let text = try String(contentsOfFile: peer.configuration, encoding: .utf8)
        try (text.dropLast() + ",\"prevResult\":\(try output())}").write(
            toFile: "/run/check.json",
            atomically: false,
            encoding: .utf8
        )
        return "/run/check.json"
    }

    private func cost(_ line: String, _ what: String, pod: Int) throws -> Cost {
        let figures = line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard figures.count == 6 else { throw Failure("the launcher printed: \(line)") }
        guard figures[0] == 0 else {
            throw Failure("\(what) ended with \(figures[0]): \(try output(pod))")
        }
        return Cost(
            user: figures[2],
            system: figures[3],
            wall: figures[1],
            agent: try agent.microseconds(),
            peak: figures[4],
            faults: figures[5]
        )
    }

    /// What a peer left behind after ADD: its document, the pod's addresses and routes, and all files, without what
    /// differs from run to run.
    func traces() throws -> [String] {
        var lines = [try output()]
        for arguments in [["-o", "-d", "link"], ["-o", "addr"], ["route"], ["-6", "route"]] {
            lines.append(
                try Program.output(
                    ["/usr/bin/env", "ip"] + arguments,
                    environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
                    network: pods[0]
                )
            )
        }
        for folder in ["/run/contrail-vm", Scenario.stateFolder] {
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
                lines.append(name)
                if let content = FileManager.default.contents(atPath: "\(folder)/\(name)") {
                    lines.append(String(decoding: content, as: UTF8.self))
                }
            }
        }
        // The carrier, and with it the link-local address, comes when the kernel finds time.
        return lines.joined(separator: "\n").split(separator: "\n").filter { !$0.contains("fe80:") }
            .map { line in
                String(line).replacing(/[0-9]+: eth0(@if[0-9]+)?/, with: "eth0")
                    .replacing(/NO-CARRIER,|,LOWER_UP|state [A-Z]+|linkdown/, with: "")
            }
    }

    private func output(_ pod: Int = 0) throws -> String {
        try String(contentsOfFile: "/run/output.\(pod)", encoding: .utf8)
    }
}
