// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs programs for tests, bounded in time.
public struct TestProgram: Sendable {
    /// How a run ended.
    public struct Outcome: Sendable {
        /// The exit status; 128 and more for a signal.
        public let status: Int32
        /// Standard output.
        public let output: String
        /// Standard error.
        public let errors: String
        /// Wall time in seconds.
        public let seconds: Double
    }

    /// Why a program could not be run.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened.
        public let description: String
    }

    /// Starts a program that runs beside the test, which ends it.
    public static func start(_ arguments: String...) throws -> TestProcess { try TestProcess(arguments) }

    /// Runs a program to its end, while the test's thread serves other tests: tests of a tier share few.
    @discardableResult
    public static func runAside(
        _ arguments: [String],
        environment: [String: String] = [:],
        seconds: Double = 60
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try run(arguments, environment: environment, seconds: seconds) }
                )
            }
        }
    }

    /// Runs a program to its end.
    ///
    /// `environment` replaces the process's own, but for PATH and the library path.
    @discardableResult
    public static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = "",
        seconds: Double = 60
    ) throws -> Outcome {
        var variables = environment
        for name in ["PATH", "LD_LIBRARY_PATH"] where variables[name] == nil {
            variables[name] = ProcessInfo.processInfo.environment[name]
        }
        // Files, not pipes: nothing that the program leaves running can keep this call waiting.
        let folder = TemporaryFolder()
        let paths = ["in", "out", "err"].map { "\(folder.path)/\($0)" }
        try Data(input.utf8).write(to: URL(fileURLWithPath: paths[0]))
        let start = Date()
        let process = try TestProcess(
            arguments,
            environment: variables,
            input: paths[0],
            output: paths[1],
            errors: paths[2]
        )
        while process.isRunning {
            guard Date().timeIntervalSince(start) < seconds else {
                process.kill()
                process.waitUntilExit()
                throw Failure(description: "\(arguments.joined(separator: " ")) took more than \(seconds) s")
            }
            usleep(1000)
        }
        func text(_ path: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        }
        return Outcome(
            status: process.waitUntilExit(),
            output: try text(paths[1]),
            errors: try text(paths[2]),
            seconds: Date().timeIntervalSince(start)
        )
    }

    /// Runs a program that must succeed.
    /// - Returns: Its standard output.
    @discardableResult
    public static func succeed(_ arguments: String...) throws -> String {
        let outcome = try run(arguments)
        guard outcome.status == 0 else {
            throw Failure(
                description:
                    "\(arguments.joined(separator: " ")) exited with \(outcome.status): \(outcome.errors)"
            )
        }
        return outcome.output
    }
}
