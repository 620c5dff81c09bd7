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
    private let pod: Int32

    /// Makes the node and starts its agent.
    init(_ settings: Settings) throws {
        try check(bench_enter_node(), "make a node's namespaces (this needs root)")
        for folder in ["\(Scenario.stateFolder)/vm", "/run/contrail-vm/locks", "/run/contrail-vm/interfaces"]
        {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        launcher = "\(settings.tools)/launch"
        pod = try check(bench_make_namespace(), "make a pod's namespace")
        agent = try Agent(settings)
    }

    /// Runs a peer for one command.
    func run(_ peer: Peer, _ command: String) throws -> Cost {
        try agent.reset()
        let line = try Program.output(
            [launcher, peer.configuration, "/run/output", peer.program],
            environment: Scenario.environment(
                command,
                namespace: "/proc/\(getpid())/fd/\(pod)",
                plugins: peer.plugins
            )
        )
        let figures = line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard figures.count == 6 else { throw Failure("the launcher printed: \(line)") }
        guard figures[0] == 0 else {
            throw Failure("\(peer.name) \(command) ended with \(figures[0]): \(try output())")
        }
        return Cost(
            cpu: figures[2] + figures[3],
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
                    network: pod
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

    private func output() throws -> String { try String(contentsOfFile: "/run/output", encoding: .utf8) }
}
