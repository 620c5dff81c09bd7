// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Work that is under way by name, where no lock is held meanwhile.
final class Underway: Sendable {
    private let names = Mutex<[String: [CheckedContinuation<Void, Never>]]>([:])

    /// Notes that work begins.
    ///
    /// - Returns: False where work of that name is under way already; then nothing was noted.
    func begin(_ name: String) -> Bool {
        names.withLock { names in
            guard names[name] == nil else { return false }
            names[name] = []
            return true
        }
    }

    /// Notes that work has ended, and wakes those that wait for it.
    func end(_ name: String) {
        let waiting = names.withLock { $0.removeValue(forKey: name) ?? [] }
        for continuation in waiting { continuation.resume() }
    }

    /// Whether work of that name is under way.
    func contains(_ name: String) -> Bool { names.withLock { $0[name] != nil } }

    /// Waits until no work of that name is under way.
    func ended(_ name: String) async {
        await withCheckedContinuation { continuation in
            let isOver = names.withLock { names in
                guard names[name] != nil else { return true }
                names[name]?.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
