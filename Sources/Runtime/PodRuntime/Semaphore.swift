// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets so many in at once; others wait in order, until they are dismissed.
final class Semaphore: Sendable {
    /// Somebody was dismissed while it waited.
    struct Dismissal: Error {}

    private struct Waiter {
        let name: String
        /// Resumed with whether its turn has come.
        let turn: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var waiting: [Waiter] = []
    }

    private let state: Mutex<State>

    /// One with so many places.
    init(_ places: Int) { state = Mutex(State(free: places)) }

    /// Runs a body in one of the places.
    ///
    /// `name`: Who waits, for `dismiss(_:)`.
    /// Throws `Dismissal` where it was dismissed, and what the body throws.
    func holding<Value: Sendable>(
        _ name: String,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let hasTurn = await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(Waiter(name: name, turn: continuation))
                return false
            }
            if isFree { continuation.resume(returning: true) }
        }
        guard hasTurn else { throw Dismissal() }
        defer {
            let next = state.withLock { state -> Waiter? in
                guard !state.waiting.isEmpty else {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.turn.resume(returning: true)
        }
        return try await body()
    }

    /// Sends those of a name away who wait; who is in stays.
    func dismiss(_ name: String) {
        let dismissed = state.withLock { state -> [Waiter] in
            defer { state.waiting.removeAll { $0.name == name } }
            return state.waiting.filter { $0.name == name }
        }
        for waiter in dismissed { waiter.turn.resume(returning: false) }
    }
}
