// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Resident
import Testing

@Suite struct JournalTests {
    @Test func `lines are bounded in rate, and those left out are counted`() {
        var limit = RateLimit(burst: 2, period: 1000, now: 0)
        #expect(limit.pass(now: 0) == (true, 0))
        #expect(limit.pass(now: 0) == (true, 0))
        #expect(limit.pass(now: 999).mayPass == false)
        #expect(limit.pass(now: 999).mayPass == false)
        #expect(limit.pass(now: 1000) == (true, 2))
        #expect(limit.pass(now: 1500).mayPass == false)
        #expect(limit.pass(now: 100_000) == (true, 1))
        #expect(limit.pass(now: 100_000) == (true, 0))
        #expect(limit.pass(now: 100_000).mayPass == false)
    }

    @Test func `an event is one line, whatever is in it`() {
        #expect(Journal.line(.warning, "a\nb\u{1B}[2J", of: "port-sync") == "<4>port-sync: a?b?[2J\n")
        #expect(LogLevel.error < .info && LogLevel("verbose") == nil)
    }

    @Test func `the watchdog is fed twice as often as it asks`() {
        #expect(Notifier.interval("30000000") == 15_000_000)
        for text in ["0", "-1", "x", "", nil] { #expect(Notifier.interval(text) == nil) }
    }

    @Test func `pauses double up to the longest, and begin anew after a success`() {
        var backoff = Backoff(first: 50, most: 300)
        #expect((0..<5).map { _ in backoff.next() } == [50, 100, 200, 300, 300])
        backoff.reset()
        #expect(backoff.next() == 50)
    }
}
