// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension FaultLab {
    /// What a point of a scenario starts from: a pod for which, where the verb is not an ADD, an ADD has succeeded.
    func prepared(in place: TestNamespace? = nil) throws -> FaultPod {
        let pod = try pod(in: place)
        if scenario.verb != "ADD" { pod.added = try succeed(call("ADD", pod)).output }
        return pod
    }

    /// The calls of an undisturbed run, in order.
    func trace() throws -> [TracedCall] {
        // What only a first run does is not counted: so twice.
        var calls: [TracedCall] = []
        for _ in 1...2 {
            let pod = try prepared()
            let path = "\(folder.path)/log.trace"
            try succeed(call(scenario.verb, pod, wrapper: TracedCall.record(to: path)))
            calls = TracedCall.parse(TestFile.read(path) ?? "")
            unlink(path)
            try release(pod)
        }
        return calls
    }

    /// After a fault: an ordinary DEL succeeds, and nothing is left.
    /// - Returns: What is left, or empty.
    func leftAfterDelete(_ pod: FaultPod) throws -> String {
        let delete = try call("DEL", pod)
        guard delete.status == 0, delete.output.isEmpty else { return "DEL: \(delete.summary)" }
        if scenario.before.isEmpty { return try difference(from: base) }
        try release(pod)
        return try difference(from: base)
    }

    /// Has debts paid, as any later call would: by another pod's ADD, and its DEL.
    func payDebts() throws {
        let payer = FaultPod("payer", in: try TestNamespace("pod"))
        try succeed(call("contrail-cni", "ADD", payer, kind: .container))
        try succeed(call("contrail-cni", "DEL", payer, kind: .container))
    }
}

/// Runs a scenario's points one after another; after a leak in a new lab, so that each leak is told once.
func eachPoint<Point>(
    of points: [Point],
    in scenario: Scenario,
    _ first: FaultLab,
    keepsBase: Bool = true,
    _ body: (Point, FaultLab) throws -> String
) throws -> Int {
    var lab = first
    var leaks = 0
    for point in points {
        let leak: String
        do { leak = try body(point, lab) } catch { leak = "\(error)" }
        guard !leak.isEmpty else { continue }
        leaks += 1
        Issue.record("\(scenario.name), at \(point):\n\(leak)")
        let limits = lab.limits
        lab = try FaultLab(scenario, keepsBase: keepsBase)
        lab.limits = limits
    }
    try lab.end()
    let left = try lab.difference(from: lab.pristine)
    #expect(left == "", "at the end of \(scenario.name)")
    return leaks
}
