// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Many pods at once, and many ports on the node.
///
/// What it prints is what `tools/load` shows.
@Suite(.serialized) struct LoadNamespaceTests {
    /// The verbs that all pods go through, in this order; the last one leaves nothing.
    static let verbs = ["ADD", "CHECK", "DEL"]

    private static let processors = ProcessInfo.processInfo.activeProcessorCount

    private func say(_ text: String) { print("load: \(text)") }

    private func ratio(_ value: Int64, _ base: Int64) -> String {
        String(format: "%.2f", Double(value) / Double(base))
    }

    /// The time that so many runs need where no processor is ever idle and nothing else runs.
    private func ideal(_ count: Int, cpu: Int64) -> Int64 { Int64(count) * cpu / Int64(Self.processors) }

    private func pods(_ count: Int, _ word: String) throws -> [FaultPod] {
        try (1...count).map { FaultPod("\(word)-\($0)", in: try TestNamespace("load")) }
    }

    /// With a data plane, most of the time is the simulator's: it makes a port's network in one thread.
    @Test(arguments: Share.isWhole ? [true, false] : [true])
    func `250 pods, 64 at a time, get names and addresses of their own, and leave nothing`(
        dataPlane: Bool
    ) throws {
        let lab = try FaultLab(Scenario.all[0], dataPlane: dataPlane)
        let agent = dataPlane ? "agent with a data plane" : "agent without a data plane"
        lab.limits = (3, 20)
        // One alone first: what it costs.
        let single = try pods(20, "single")
        var alone: [String: Int64] = [:]
        for verb in Self.verbs {
            let outcome = try Crowd.run(verb, single, atOnce: 1, in: lab)
            alone[verb] = outcome.cpu
            for (pod, ending) in zip(single, outcome.endings) where verb == "ADD" {
                pod.added = ending.output
            }
        }

        for (count, atOnce) in [(64, 64), (250, 64)] {
            let pods = try pods(count, "crowd")
            for verb in Self.verbs {
                let outcome = try Crowd.run(verb, pods, atOnce: atOnce, in: lab)
                let failures = outcome.endings.filter { $0.status != 0 }
                #expect(failures.isEmpty, "\(verb): \(failures.count), like \(failures.first?.summary ?? "")")
                if verb == "ADD" {
                    for (pod, ending) in zip(pods, outcome.endings) { pod.added = ending.output }
                    let names = outcome.endings.compactMap {
                        ($0.document?["interfaces"] as? [[String: Any]])?.first?["name"] as? String
                    }
                    let addresses = outcome.endings.flatMap {
                        ($0.document?["ips"] as? [[String: Any]])?.compactMap { $0["address"] as? String }
                            ?? []
                    }
                    #expect(Set(names).count == count)
                    #expect(addresses.count == 2 * count && Set(addresses).count == 2 * count)
                }
                let cpu = try #require(alone[verb])
                say(
                    "\(agent), \(count) x \(verb), \(atOnce) at once: \(outcome.makespan / 1000) ms, "
                        + "\(ratio(outcome.makespan, ideal(count, cpu: cpu))) x (\(count) x CPU of one alone, \(cpu) us, / \(Self.processors) cores); "
                        + "CPU of one in the crowd \(outcome.cpu) us"
                )
            }
            let left = try lab.difference(from: lab.pristine)
            #expect(left == "")
        }
    }

    @Test func `ADD on a node with many ports`() throws {
        let count = Share.isWhole ? 4096 : 512
        let lab = try FaultLab(Scenario.all[1], dataPlane: false)
        lab.limits = (3, 20)
        let plain = FaultPod("plain", in: lab.other)
        /// The middle CPU and wall time of some ADDs, in microseconds.
        func cost() throws -> (cpu: Int64, wall: Int64) {
            var costs: [Child.Ending] = []
            for _ in 1...21 {
                costs.append(try lab.succeed(lab.call("contrail-cni", "ADD", plain, kind: .container)))
                try lab.succeed(lab.call("contrail-cni", "DEL", plain, kind: .container))
            }
            return (costs.map(\.cpu).sorted()[10], costs.map(\.wall).sorted()[10])
        }
        let few = try cost()
        // Taps are in the node's namespace: one pod's namespace does for all.
        let crowd = (1...count).map { FaultPod("port-\($0)", in: lab.namespace) }
        let added = try Crowd.run("ADD", crowd, atOnce: 8, in: lab)
        let refused = added.endings.filter { $0.status != 0 }
        #expect(refused.isEmpty, "\(refused.count), like \(refused.first?.summary ?? "")")
        let many = try cost()
        say(
            "ADD beside \(count) ports: CPU \(many.cpu) us, \(ratio(many.cpu, few.cpu)) x that beside one; "
                + "wall \(many.wall) us, \(ratio(many.wall, few.wall)) x"
        )
        let deleted = try Crowd.run("DEL", crowd, atOnce: 8, in: lab)
        #expect(deleted.endings.allSatisfy { $0.status == 0 })
        let left = try lab.difference(from: lab.pristine)
        #expect(left == "")
    }
}
