// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

/// A program of this host, run without a shell and with a time limit.
public struct HostProgram: Hashable, Sendable {
    /// Where it is.
    public let path: String

    /// A program at a path.
    public init(_ path: String) { self.path = path }

    /// How a run ended, and what it wrote.
    public struct Run: Hashable, Sendable {
        /// How it ended.
        public let ending: Ending
        /// Its standard output, at most 1 MiB.
        public let output: String
        /// Its standard error, at most 1 MiB.
        public let errors: String
    }

    /// How a program ended.
    public enum Ending: Hashable, Sendable {
        /// By itself, with an exit status.
        case exited(Int)
        /// By a signal.
        case signalled(Int)
        /// By us: its time was up, and it was killed.
        case overdue
    }

    /// Runs it to its end; ends it with SIGKILL when its time is up.
    ///
    /// `environment`: Variables that are set beside those of this process.
    /// Throws where it cannot be started, or writes more than we read.
    public func run(
        _ arguments: [String],
        seconds: Double,
        environment: [String: String] = [:]
    ) async throws(HostProgramError) -> Run {
        do {
            return try await withThrowingTaskGroup(of: Run?.self) { group in
                group.addTask { try await execute(arguments, environment: environment) }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    return nil
                }
                let first = try await group.next()
                // Cancelling the run kills the program; the group waits until it is gone.
                group.cancelAll()
                return (first ?? nil) ?? Run(ending: .overdue, output: "", errors: "")
            }
        } catch {
            throw HostProgramError(program: path, arguments: arguments, reason: "\(error)")
        }
    }

    /// Runs it and demands that it exits with 0.
    /// - Returns: Its standard output.
    @discardableResult
    public func succeed(_ arguments: [String], seconds: Double) async throws(HostProgramError) -> String {
        let run = try await run(arguments, seconds: seconds)
        switch run.ending {
        case .exited(0): return run.output
        case .exited(let status):
            throw HostProgramError(
                program: path,
                arguments: arguments,
                reason: Self.reason(run.errors, "it exited with \(status)")
            )
        case .signalled(let signal):
            throw HostProgramError(program: path, arguments: arguments, reason: "signal \(signal) ended it")
        case .overdue:
            throw HostProgramError(
                program: path,
                arguments: arguments,
                reason: "it took more than \(seconds) s"
            )
        }
    }

    private func execute(_ arguments: [String], environment: [String: String]) async throws -> Run {
        var variables: [Environment.Key: String?] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: .inherit.updating(variables),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        let ending: Ending =
            switch result.terminationStatus {
            case .exited(let status): .exited(Int(status))
            case .signaled(let signal): .signalled(Int(signal))
            }
        return Run(ending: ending, output: result.standardOutput, errors: result.standardError)
    }

    private static func reason(_ errors: String, _ otherwise: String) -> String {
        let lines = errors.split(separator: "\n", omittingEmptySubsequences: true)
        return lines.isEmpty ? otherwise : "\(otherwise): " + lines.suffix(3).joined(separator: "; ")
    }
}

/// A program that could not be run, or failed.
public struct HostProgramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The program's path.
    public let program: String
    /// What it was run with.
    public let arguments: [String]
    /// What went wrong.
    public let reason: String

    /// "cannot run /usr/bin/qemu-img info x: it exited with 1: ...".
    public var description: String {
        "cannot run \(([program] + arguments).joined(separator: " ")): \(reason)"
    }
}
