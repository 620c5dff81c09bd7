// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What is due later, soonest last.
struct Timers<Event> {
    private var entries: [(deadline: Int64, event: Event)] = []

    mutating func add(milliseconds: Int, _ event: Event) {
        let deadline = AgentClock.monotonic() + Int64(milliseconds) * 1_000_000
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].deadline > deadline { low = middle + 1 } else { high = middle }
        }
        entries.insert((deadline, event), at: low)
    }

    mutating func takeDue() -> Event? {
        guard let last = entries.last, last.deadline <= AgentClock.monotonic() else { return nil }
        return entries.removeLast().event
    }

    mutating func removeAll(where matches: (Event) -> Bool) {
        entries.removeAll { matches($0.event) }
    }

    /// For poll(2): milliseconds until the next is due, rounded up; -1 if there is none.
    var timeout: Int32 {
        guard let last = entries.last else { return -1 }
        let rest = max(0, last.deadline - AgentClock.monotonic())
        return Int32(clamping: (rest + 999_999) / 1_000_000)
    }
}
