// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PortSync

@Suite struct ScheduleTests {
    private func round(start: Int64 = 1_000_000, failures: Int = 0) -> Round {
        var round = Round(start: start, pending: [], debts: [])
        round.failures = failures
        return round
    }

    @Test func `rounds begin an interval apart, counted from their starts`() {
        var schedule = Schedule(interval: 20_000_000)
        #expect(schedule.next == 0)
        schedule.end(round(), now: 3_000_000)
        #expect(schedule.next == 21_000_000)
        schedule.end(round(), now: 50_000_000)
        #expect(schedule.next == 50_000_000)
        schedule.hurry()
        #expect(schedule.next == 0)
    }

    @Test func `after failures the next round comes sooner, ever later, never later than usual`() {
        var schedule = Schedule(interval: 2_000_000)
        var pauses: [Int64] = []
        for _ in 0..<4 {
            schedule.end(round(failures: 1), now: 10_000_000)
            pauses.append(schedule.next - 10_000_000)
        }
        #expect(pauses == [500_000, 1_000_000, 2_000_000, 2_000_000])
        schedule.end(round(), now: 1_500_000)
        #expect(schedule.next == 3_000_000)
        schedule.end(round(failures: 1), now: 10_000_000)
        #expect(schedule.next == 10_500_000)
    }

    @Test func `a round is whole when nothing is left, nothing failed and the agent was there`() {
        #expect(round().isWhole)
        #expect(!round(failures: 1).isWhole)
        var away = round()
        away.isAgentThere = false
        #expect(!away.isWhole)
        var locked = round()
        locked.locked = ["k8s__default__web"]
        #expect(!locked.isWhole)
    }
}
