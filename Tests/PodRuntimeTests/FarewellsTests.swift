// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PodRuntime

@Suite struct FarewellsTests {
    @Test func `calls that wait for one guest ask it together as often as one would`() {
        let farewells = Farewells()
        let begin = ContinuousClock.now
        for _ in 0..<3 { farewells.join("a") }
        var asked: [Int: [Farewells.Request]] = [:]
        for second in 0..<14 {
            for _ in 0..<3 {
                if let request = farewells.request("a", now: begin + .seconds(second)) {
                    asked[second, default: []].append(request)
                }
            }
        }
        #expect(asked == [0: [.powerButton], 3: [.agent], 8: [.powerButton], 11: [.agent]])
    }

    @Test func `a guest that is not waited for is forgotten, one that still is is not`() {
        let farewells = Farewells()
        let now = ContinuousClock.now
        farewells.join("a")
        farewells.join("a")
        #expect(farewells.request("a", now: now) == .powerButton)
        farewells.leave("a")
        #expect(farewells.request("a", now: now) == nil)
        farewells.leave("a")
        #expect(farewells.request("a", now: now) == nil)
        farewells.join("a")
        #expect(farewells.request("a", now: now) == .powerButton)
    }
}
