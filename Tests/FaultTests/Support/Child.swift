// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Synchronization
import TestSupport

/// A program that runs in a network namespace, with its standard output and errors kept.
///
/// Without a shell, ip-netns(8) or Foundation's Process between: tests here start thousands.
final class Child {
    let pid: pid_t
    private let output: Int32
    private let errors: Int32
    private let start = clinux_monotonic_microseconds()

    /// How it ended.
    struct Ending {
        /// The exit status; 128 and more for a signal.
        let status: Int32
        let output: String
        let errors: String
        /// User and system time of it and what it waited for, in microseconds.
        let cpu: Int64
        /// Wall time in microseconds.
        let wall: Int64
    }

    /// Starts a program, found by PATH.
    ///
    /// `input`: at most what a pipe holds, 64 KiB.
    init(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = "",
        in namespace: TestNamespace
    ) throws {
        let (inputEnd, inputRest) = try Self.pipe()
        let (outputEnd, outputRest) = try Self.pipe()
        let (errorsEnd, errorsRest) = try Self.pipe()
        let bytes = Array(input.utf8)
        _ = bytes.isEmpty ? 0 : write(inputRest, bytes, bytes.count)
        close(inputRest)
        var variables = environment
        for name in ["PATH", "LD_LIBRARY_PATH"] where variables[name] == nil {
            variables[name] = ProcessInfo.processInfo.environment[name]
        }
        let ends = [inputEnd, outputRest, errorsRest]
        let path = namespace.path
        let pairs = variables.map { "\($0.key)=\($0.value)" }
        let started = Atomic<Int32>(-1)
        // A thread's namespace goes to its children, and ends with it.
        PlainThread {
            started.store(
                Self.spawn(arguments, pairs, ends, namespace: path),
                ordering: .sequentiallyConsistent
            )
        }.join()
        for end in ends { close(end) }
        pid = started.load(ordering: .sequentiallyConsistent)
        output = outputEnd
        errors = errorsEnd
        guard pid > 0 else {
            throw FaultFailure("cannot start \(arguments): errno \(-pid)")
        }
    }

    /// Waits for the end, at most so long.
    func finish(seconds: Double = 60) throws -> Ending {
        let end = start + Int64(seconds * 1_000_000)
        defer {
            close(output)
            close(errors)
        }
        let texts = try [output, errors].map { try read($0, until: end) }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) < 0, errno == EINTR { continue }
        let signal = status & 0x7F
        return Ending(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            output: texts[0],
            errors: texts[1],
            cpu: Self.microseconds(usage.ru_utime) + Self.microseconds(usage.ru_stime),
            wall: clinux_monotonic_microseconds() - start
        )
    }

    private func read(_ descriptor: Int32, until end: Int64) throws -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let left = Int32(max(0, end - clinux_monotonic_microseconds()) / 1000)
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wait, 1, left)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                // With all that it started: its process group is its own.
                kill(-pid, SIGKILL)
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                throw FaultFailure("process \(pid) took too long and was ended")
            }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw FaultFailure("pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ arguments: [String],
        _ variables: [String],
        _ ends: [Int32],
        namespace: String
    )
        -> Int32
    {
        let file = clinux_open(namespace, O_RDONLY, 0)
        guard file >= 0 else { return file }
        defer { close(file) }
        let entered = clinux_enter_network_namespace(file)
        guard entered == 0 else { return entered }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (place, end) in ends.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, end, Int32(place))
        }
        // A group of its own, so that it can be ended with all that it started; and no signal ignored or blocked.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var texts = arguments.map { strdup($0) } + [nil]
        var pairs = variables.map { strdup($0) } + [nil]
        defer { for pointer in texts + pairs { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, &texts, &pairs)
        return result == 0 ? pid : -result
    }

    private static func microseconds(_ time: timeval) -> Int64 {
        Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec)
    }
}

extension Child.Ending {
    /// Standard output, where it is exactly one JSON object.
    var document: [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any]
    }

    /// The code of the error document, where there is exactly one and the status says so, too.
    var errorCode: Int? {
        guard status == 1, let document, document["msg"] is String else { return nil }
        return document["code"] as? Int
    }

    /// For messages of tests.
    var summary: String { "status \(status): \(output.prefix(600))\(errors.prefix(300))" }
}
