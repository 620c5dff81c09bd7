// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Synchronization

/// A program that runs beside a test.
///
/// Not Foundation's Process, which keeps its files open for ever and then, with more than a thousand of them,
/// reads past its list of them: tests here run thousands of programs.
public final class TestProcess: Sendable {
    /// Its id.
    public let processIdentifier: pid_t
    private let ending = Mutex<Int32?>(nil)

    /// Why a program could not be started.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened.
        public let description: String
    }

    /// Starts a program, found by PATH, with files as its standard input, output and errors.
    ///
    /// `input`, `output` and `errors`: paths. Without one, input is empty and the others are the test's own. Output is appended.
    public init(
        _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        input: String? = nil,
        output: String? = nil,
        errors: String? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        for (place, path) in [(1, output), (2, errors)] {
            guard let path else { continue }
            posix_spawn_file_actions_addopen(
                &actions,
                Int32(place),
                path,
                O_WRONLY | O_APPEND | O_CREAT,
                0o644
            )
        }
        // Descriptors of the test's own stay the test's own.
        for descriptor in 3..<Int32(1024) {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        // A process group of its own, and no signal blocked, whatever the test's thread blocks.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var texts = arguments.map { strdup($0) } + [nil]
        var pairs = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in texts + pairs { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, &texts, &pairs)
        guard result == 0 else { throw Failure(description: "cannot start \(arguments): errno \(result)") }
        processIdentifier = pid
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { status(waiting: false) == nil }

    /// Waits for its end.
    ///
    /// - Returns: Its exit status; 128 and more for a signal.
    @discardableResult
    public func waitUntilExit() -> Int32 { status(waiting: true) ?? 0 }

    /// Ends it.
    public func kill(_ signal: Int32 = SIGKILL) {
        // Not the process that has its id by then.
        ending.withLock { if $0 == nil { _ = Glibc.kill(processIdentifier, signal) } }
    }

    private func status(waiting: Bool) -> Int32? {
        while true {
            let status = ending.withLock { ending -> Int32? in
                if ending == nil {
                    var word: Int32 = 0
                    guard waitpid(processIdentifier, &word, WNOHANG) != 0 else { return nil }
                    let signal = word & 0x7F
                    ending = signal == 0 ? (word >> 8) & 0xFF : 128 + signal
                }
                return ending
            }
            guard status == nil, waiting else { return status }
            usleep(1000)
        }
    }
}
