// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// An agent that dies, hangs or answers nonsense in the middle of each request.
@Suite(.serialized) struct AgentDeathNamespaceTests {
    static let parts = 32

    /// Scenarios whose verb talks to the agent.
    static let scenarios = Scenario.all.filter { $0.plugin == "contrail-cni" }

    /// Requests of ADD and DEL.
    static let requests = [
        (method: "GET", path: "/vm-cfg"), (method: "POST", path: "/vm"), (method: "GET", path: "/vm/"),
        (method: "DELETE", path: "/vm"),
    ]

    /// What the simulator can do to a request.
    static let kinds = [
        "hang", "close", "garbage", "halfReply", "status", "lateStatus", "invalidMAC", "delay",
    ]

    struct Fault: CustomStringConvertible {
        let json: String
        var description: String { json }
    }

    /// A run during a fault of the agent, and DEL, the second one with a sound agent, which pays what is owed.
    private func run(_ lab: FaultLab, _ pod: FaultPod, _ ending: Child.Ending) throws -> String {
        guard ending.status == 0 || ending.errorCode != nil else { return "no document: \(ending.summary)" }
        // What could not be taken back at an agent in this state is owed: that, and its port, may stay for now.
        try lab.succeed(lab.call("DEL", pod))
        try lab.payDebts()
        let left = try lab.difference(from: lab.base)
        return left.isEmpty ? "" : "ended with \(ending.summary)and left\n\(left)"
    }

    @Test(arguments: scenarios)
    func `a fault of the agent at each request`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario)
        lab.limits = (1, 2)
        let all = Self.requests.flatMap { request in
            Self.kinds.flatMap { kind in
                [1, 100].map { times in
                    Fault(
                        json:
                            #"{"kind": "\#(kind)", "method": "\#(request.method)", "path": "\#(request.path)", "times": \#(times)}"#
                    )
                }
            }
        }
        let points = Share.points(all, parts: Self.parts)
        let leaks = try eachPoint(of: points, in: scenario, lab) { point, lab in
            let pod = try lab.prepared()
            _ = try lab.simulator.control(#"{"command": "fault", "fault": \#(point.json)}"#)
            let ending = try lab.call(scenario.verb, pod)
            _ = try lab.simulator.control(#"{"command": "clear-faults"}"#)
            return try run(lab, pod, ending)
        }
        print("\(scenario.name): \(points.count) of \(all.count) faults of the agent, \(leaks) leaks")
    }

    /// Whether the agent is there again when the run goes on.
    enum Return: CaseIterable { case atOnce, later }

    @Test(arguments: scenarios)
    func `an agent that is killed between and in requests`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario)
        lab.limits = (1, 4)
        let calls = try lab.trace().filter {
            $0.text.contains("HTTP/1.1") || ($0.name == "connect" && $0.text.contains("sin_port"))
        }
        #expect(!calls.isEmpty)
        let all = calls.flatMap { call in Return.allCases.map { (call: call, comes: $0) } }
        let points = Share.points(all, parts: Self.parts)
        let leaks = try eachPoint(of: points, in: scenario, lab) { point, lab in
            let pod = try lab.prepared()
            let stopped = try StoppedRun(scenario.verb, pod, after: point.call, in: lab)
            _ = try stopped.isStopped()
            lab.simulator.crash()
            if point.comes == .atOnce { try lab.restartAgent() }
            stopped.resume()
            let ending = try stopped.finish()
            if point.comes == .later { try lab.restartAgent() }
            return try run(lab, pod, ending)
        }
        print("\(scenario.name): the agent killed at \(points.count) of \(all.count) points, \(leaks) leaks")
    }
}
