// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Locks by name: who waits for the same name gets its turn in order.
final class KeyedLock: Sendable {
    private let queues = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs a body while nobody else's body for the same name runs.
    func holding<Value: Sendable>(
        _ name: String,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        await take(name)
        defer { release(name) }
        return try await body()
    }

    private func take(_ name: String) async {
        await withCheckedContinuation { continuation in
            let isFree = queues.withLock { queues in
                guard queues[name] != nil else {
                    queues[name] = []
                    return true
                }
                queues[name]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func release(_ name: String) {
        let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
            guard let waiting = queues[name], !waiting.isEmpty else {
                queues[name] = nil
                return nil
            }
            return queues[name]?.removeFirst()
        }
        next?.resume()
    }
}
