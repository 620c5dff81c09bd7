// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import Synchronization

/// The log of one console, on a thread of its own: however long its file system takes, nobody else waits for it.
final class ConsoleLog: Sendable {
    /// What a follower needs.
    struct Source: Sendable {
        let console: String
        let stateFile: String
        let logFile: LogPath
        /// Whether a log that can't be opened is an error now.
        let mustOpen: Bool
    }

    private enum Wish {
        case reopen(Answer)
        case finish(Answer)

        var answer: Answer {
            switch self {
            case .reopen(let answer), .finish(let answer): answer
            }
        }
    }

    private let name: String
    private let log: @Sendable (String) -> Void
    private struct State {
        var wishes: [Wish] = []
        /// Whether the thread has ended, or is told to.
        var isOver = false
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// A log that is not followed yet; `name` is the container's.
    init(_ name: String, log: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.log = log
    }

    /// Begins to follow a console.
    ///
    /// - Throws: Where its log can't be opened, and nothing is followed then.
    func begin(_ source: Source, within limit: Duration) async throws(SystemError) {
        let opened = Answer()
        let thread = Thread { [self] in
            do throws(SystemError) {
                let follower = try ConsoleFollower(
                    console: source.console,
                    stateFile: source.stateFile,
                    logFile: source.logFile,
                    mustOpen: source.mustOpen
                )
                opened.give(nil)
                follow(follower)
            } catch {
                opened.give(error)
            }
        }
        thread.name = "console log"
        thread.start()
        let late = SystemError("open the log", source.logFile.text, errno: ETIMEDOUT)
        do throws(SystemError) { try await opened.wait(limit, or: late) } catch {
            dismiss()
            throw error
        }
    }

    /// Opens the log anew: kubelet renamed the file.
    func reopen(within limit: Duration) async throws(SystemError) {
        let answer = Answer()
        wish(.reopen(answer))
        try await answer.wait(limit, or: SystemError("open anew", "the log of \(name)", errno: ETIMEDOUT))
    }

    /// Copies the rest of a console whose guest has ended, and ends the thread.
    func finish(within limit: Duration) async {
        let answer = Answer()
        wish(.finish(answer))
        do throws(SystemError) {
            try await answer.wait(limit, or: SystemError("copy", "the rest of it", errno: ETIMEDOUT))
        } catch {
            log("container \(name): the end of its log is lost: \(error.message)")
        }
        dismiss()
    }

    /// Ends the thread with what it does now.
    func dismiss() {
        let left = state.withLock { state in
            defer { state.wishes = [] }
            state.isOver = true
            return state.wishes
        }
        for wish in left { wish.answer.give(nil) }
        bell.signal()
    }

    private func wish(_ wish: Wish) {
        let isOver = state.withLock { state in
            if !state.isOver { state.wishes.append(wish) }
            return state.isOver
        }
        if isOver { wish.answer.give(nil) }
        bell.signal()
    }

    private var isOver: Bool { state.withLock { $0.isOver } }

    private func nextWish() -> Wish? {
        state.withLock { $0.wishes.isEmpty ? nil : $0.wishes.removeFirst() }
    }

    // MARK: - On the thread

    private func follow(_ follower: ConsoleFollower) {
        defer { dismiss() }
        var complaint: String?
        var quietSince = Date()
        while !isOver {
            while let wish = nextWish() {
                do throws(SystemError) {
                    switch wish {
                    case .reopen: try follower.reopen()
                    case .finish: while try follower.pump(isLast: true), !isOver { continue }
                    }
                    wish.answer.give(nil)
                } catch {
                    wish.answer.give(error)
                }
                if case .finish = wish { return }
            }
            var pause = DispatchTimeInterval.milliseconds(100)
            do throws(SystemError) {
                let before = follower.copied
                if try follower.pump() { pause = .milliseconds(1) }
                if follower.copied != before { quietSince = Date() }
                complaint = nil
            } catch {
                // Once for each cause: a full disk is told of, not filled further.
                if complaint != error.message {
                    log("container \(name): its log can't be written: \(error.message)")
                    complaint = error.message
                }
            }
            // Many guests are quiet most of the time.
            if Date().timeIntervalSince(quietSince) > 5 { pause = .milliseconds(400) }
            _ = bell.wait(timeout: .now() + pause)
        }
    }

    /// An answer that is waited for, but not for ever; it is given once, and further ones are passed over.
    private final class Answer: Sendable {
        private struct State {
            var given: SystemError??
            var waiting: CheckedContinuation<SystemError?, Never>?
        }

        private let state = Mutex(State())

        /// Gives the answer: what went wrong, or nil.
        func give(_ answer: SystemError?) {
            let waiting = state.withLock { state -> CheckedContinuation<SystemError?, Never>? in
                guard state.given == nil else { return nil }
                state.given = .some(answer)
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume(returning: answer)
        }

        func wait(_ limit: Duration, or late: SystemError) async throws(SystemError) {
            let clock = Task {
                try await Task.sleep(for: limit)
                give(late)
            }
            defer { clock.cancel() }
            let answer = await withCheckedContinuation { continuation in
                let given = state.withLock { state -> SystemError?? in
                    if state.given == nil { state.waiting = continuation }
                    return state.given
                }
                if let given { continuation.resume(returning: given) }
            }
            if let answer { throw answer }
        }
    }
}
