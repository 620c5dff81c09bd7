// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// When and how guests that are to end are asked for it.
///
/// Several calls may wait for one guest, each with a time of its own: together they ask as often as one would.
final class Farewells: Sendable {
    /// A way to ask a guest to shut down.
    enum Request: Hashable, Sendable {
        /// By ACPI, as a power button does.
        case powerButton
        /// By the agent in it.
        case agent
    }

    private struct Guest {
        var callers = 0
        var next: Request = .powerButton
        var due: ContinuousClock.Instant?
    }

    private let guests = Mutex<[String: Guest]>([:])

    /// A call begins to wait for a guest.
    func join(_ id: String) { guests.withLock { $0[id, default: Guest()].callers += 1 } }

    /// A call waits no longer.
    func leave(_ id: String) {
        guests.withLock { guests in
            guests[id]?.callers -= 1
            if let guest = guests[id], guest.callers <= 0 { guests[id] = nil }
        }
    }

    /// What a guest is to be asked now; nil where the last request is young.
    ///
    /// A guest that still boots does not hear the first request, and one without a power button's daemon hears only
    /// its agent: so each has its turn, again and again.
    func request(_ id: String, now: ContinuousClock.Instant) -> Request? {
        guests.withLock { guests in
            guard let guest = guests[id], guest.due.map({ $0 <= now }) ?? true else { return nil }
            let isButton = guest.next == .powerButton
            guests[id]?.next = isButton ? .agent : .powerButton
            guests[id]?.due = now + .seconds(isButton ? 3 : 5)
            return guest.next
        }
    }
}
