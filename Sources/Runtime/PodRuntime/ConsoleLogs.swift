// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Synchronization

/// The logs of all containers' consoles; nothing is locked while one of them is read or written.
final class ConsoleLogs: Sendable {
    /// How long a log's file system is waited for.
    private static let patience = Duration.seconds(10)

    private let logs = Mutex<[String: ConsoleLog]>([:])
    private let log: @Sendable (String) -> Void

    init(log: @escaping @Sendable (String) -> Void) { self.log = log }

    /// Follows a container's console.
    ///
    /// Repeatable.
    func follow(_ id: String, _ source: ConsoleLog.Source) async throws(SystemError) {
        let new = logs.withLock { logs -> ConsoleLog? in
            guard logs[id] == nil else { return nil }
            let new = ConsoleLog(id, log: log)
            logs[id] = new
            return new
        }
        guard let new else { return }
        do throws(SystemError) {
            try await new.begin(source, within: Self.patience)
        } catch {
            logs.withLock { $0[id] = nil }
            throw error
        }
    }

    /// Copies the rest of a console whose guest has ended, and lets it go.
    ///
    /// Of several calls each returns when that is done.
    func finish(_ id: String) async {
        guard let known = logs.withLock({ $0[id] }) else { return }
        await known.finish(within: Self.patience)
        logs.withLock { if $0[id] === known { $0[id] = nil } }
    }

    /// Opens a log anew.
    /// - Returns: Whether the container's console is followed.
    func reopen(_ id: String) async throws(SystemError) -> Bool {
        guard let known = logs.withLock({ $0[id] }) else { return false }
        try await known.reopen(within: Self.patience)
        return true
    }

    /// Lets all go as they are; they go on where they were at the next start.
    func end() {
        let all = logs.withLock { logs in
            defer { logs = [:] }
            return Array(logs.values)
        }
        for log in all { log.dismiss() }
    }
}
