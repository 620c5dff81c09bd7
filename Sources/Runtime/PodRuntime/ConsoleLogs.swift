// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import Synchronization

/// The logs of all containers' consoles, on a thread of their own.
final class ConsoleLogs: Sendable {
    private struct State {
        var followers: [String: ConsoleFollower] = [:]
        var complaints: [String: String] = [:]
        var isEnded = false
    }

    private let state = Mutex(State())
    private let log: @Sendable (String) -> Void

    init(log: @escaping @Sendable (String) -> Void) { self.log = log }

    /// Follows a container's console.
    ///
    /// Repeatable.
    func follow(_ id: String, console: String, stateFile: String, logFile: String) throws(SystemError) {
        try state.withLock { state throws(SystemError) in
            guard state.followers[id] == nil else { return }
            state.followers[id] = try ConsoleFollower(
                console: console,
                stateFile: stateFile,
                logFile: logFile
            )
        }
    }

    /// Copies the rest of a console whose guest has ended, and lets it go.
    func finish(_ id: String) {
        state.withLock { state in
            guard let follower = state.followers.removeValue(forKey: id) else { return }
            state.complaints[id] = nil
            do throws(SystemError) {
                while try follower.pump(isLast: true) { continue }
            } catch {
                log("container \(id): the end of its log is lost: \(error.message)")
            }
        }
    }

    /// Opens a log anew.
    /// - Returns: Whether the container's console is followed.
    func reopen(_ id: String) throws(SystemError) -> Bool {
        try state.withLock { state throws(SystemError) in
            guard let follower = state.followers[id] else { return false }
            try follower.reopen()
            return true
        }
    }

    /// Starts the thread, which ends with `end()`.
    func start() {
        let thread = Thread { [self] in
            while !state.withLock({ $0.isEnded }) {
                usleep(pumpAll() ? 1000 : 100_000)
            }
        }
        thread.name = "console logs"
        thread.start()
    }

    /// Ends the thread.
    func end() { state.withLock { $0.isEnded = true } }

    /// Copies what is new of all, a piece of each.
    private func pumpAll() -> Bool {
        state.withLock { state in
            var isBehind = false
            for (id, follower) in state.followers {
                do throws(SystemError) {
                    if try follower.pump() { isBehind = true }
                    state.complaints[id] = nil
                } catch {
                    // Once for each cause: a full disk is told of, not filled further.
                    if state.complaints[id] != error.message {
                        log("container \(id): its log can't be written: \(error.message)")
                        state.complaints[id] = error.message
                    }
                }
            }
            return isBehind
        }
    }
}
