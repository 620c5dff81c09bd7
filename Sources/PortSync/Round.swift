// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import OwedDeletions
import Resident

/// What is still to be done in a round.
struct Round {
    /// When it began, in monotonic microseconds.
    let start: Int64
    /// VM names to go, the last one first.
    var pending: [String]
    /// VM names whose lock is held elsewhere: retried later.
    var locked: [String] = []
    /// When to retry them.
    var retry: Int64 = 0
    var pause = Backoff(first: 20_000, most: 500_000)
    /// Deletions to pay, the last one first.
    var debts: [OwedDeletion]
    /// Files to look at; nil before they are looked for.
    var sweep: [SweepItem]?
    /// Ports that the agent took.
    var registered = 0
    /// What failed but for the agent's being down.
    var failures = 0
    /// Whether the agent was there for all that it had to be told.
    var isAgentThere = true

    /// Whether all was done.
    var isWhole: Bool { isAgentThere && failures == 0 && locked.isEmpty && pending.isEmpty }
}

/// When the next round begins.
struct Schedule: Hashable {
    /// From round to round where all goes well, in microseconds.
    let interval: Int64
    private var pause = Backoff(first: 500_000, most: Int64.max / 4)
    /// When the next round begins, in monotonic microseconds.
    private(set) var next: Int64 = 0

    init(interval: Int64) { self.interval = interval }

    /// A round has ended: sooner again where something failed, ever later, but never later than usual.
    mutating func end(_ round: Round, now: Int64) {
        guard round.failures > 0 else {
            pause.reset()
            next = max(now, round.start + interval)
            return
        }
        next = now + min(interval, pause.next())
    }

    /// The next round begins at once.
    mutating func hurry() { next = 0 }
}
