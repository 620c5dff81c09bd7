// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Each system call fails once: a run either succeeds or says so in one error document and has undone what it did.
@Suite(.serialized) struct ErrorNamespaceTests {
    /// In how many gate runs each point comes once.
    static let parts = 48

    /// A call that fails, and how.
    struct Point: CustomStringConvertible {
        let call: TracedCall
        let error: String
        var description: String { "\(call) \(error): \(call.text)" }
    }

    @Test(arguments: Scenario.all)
    func `a run whose system calls fail`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario)
        let calls = try lab.trace().filter(\.canFail)
        let all = ["EPERM", "ENOSPC", "ECONNRESET"].flatMap { error in
            calls.map { Point(call: $0, error: error) }
        }
        let points = Share.points(all, parts: Self.parts)
        var failed = 0
        let leaks = try eachPoint(of: points, in: scenario, lab) { point, lab in
            let pod = try lab.prepared()
            let ending = try lab.call(scenario.verb, pod, wrapper: point.call.inject("error=\(point.error)"))
            let isFailure = ending.status != 0
            if isFailure {
                failed += 1
                guard ending.errorCode != nil else { return "no error document: \(ending.summary)" }
            } else if scenario.verb == "ADD" {
                guard ending.document?["interfaces"] != nil else { return "no result: \(ending.summary)" }
            }
            if scenario.verb == "ADD", isFailure {
                // Whoever can't lock a file must not remove it either: it may be another's.
                let without = point.call.name == "flock" ? "run/locks/" : nil
                let left = try lab.difference(from: lab.base, without: without)
                guard left.isEmpty else { return "failed with \(ending.summary)and left\n\(left)" }
            }
            let left = try lab.leftAfterDelete(pod)
            return left.isEmpty ? "" : "ended with \(ending.summary)and DEL left\n\(left)"
        }
        print(
            "\(scenario.name): \(points.count) of \(all.count) error points, \(failed) failed, \(leaks) leaks"
        )
    }
}
