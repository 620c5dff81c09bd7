// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `kill -9` before each effect of a run: DEL then leaves nothing.
@Suite(.serialized) struct KillNamespaceTests {
    /// In how many gate runs each point comes once.
    static let parts = 8

    /// How many kill points each scenario had when it was last looked at: `Tests/FaultTests/kill-points`.
    static let expected: [String: Int] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "kill-points")
            .path
        let lines = (TestFile.read(path) ?? "").split(separator: "\n").filter { !$0.hasPrefix("#") }
        let pairs = lines.compactMap { line -> (String, Int)? in
            guard let space = line.firstIndex(of: " "), let count = Int(line[..<space]) else { return nil }
            return (String(line[line.index(after: space)...]), count)
        }
        return Dictionary(pairs) { $1 }
    }()

    @Test(arguments: Scenario.all)
    func `a run that is killed before any of its effects`(scenario: Scenario) throws {
        let lab = try FaultLab(scenario)
        let all = try lab.trace().filter(\.isEffect)
        let fewest = try #require(Self.expected[scenario.name], "no line in kill-points for \(scenario.name)")
        #expect(all.count >= fewest, "fewer effects than kill-points says: \(all)")
        let points = Share.points(all, parts: Self.parts)
        var killed = 0
        let leaks = try eachPoint(of: points, in: scenario, lab) { point, lab in
            let pod = try lab.prepared()
            let ending = try lab.call(scenario.verb, pod, wrapper: point.inject("signal=KILL"))
            // A run that ended otherwise made fewer calls of this name than the one that was traced.
            if ending.status == 128 + SIGKILL { killed += 1 }
            return try lab.leftAfterDelete(pod)
        }
        #expect(killed >= points.count - 1, "of \(points.count) points only \(killed) were met")
        print("\(scenario.name): \(killed) of \(all.count) kill points, \(leaks) leaks")
    }
}
