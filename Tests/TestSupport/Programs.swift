// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The programs under test, as they were built, and others of this host.
public enum Programs {
    /// A variable of the environment; nil where it is not set.
    public static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// A built program: from the folder that CONTRAIL_VM_PROGRAMS names.
    public static func path(_ name: String) throws -> String {
        guard let folder = variable("CONTRAIL_VM_PROGRAMS") else {
            throw Missing(what: "CONTRAIL_VM_PROGRAMS, the folder of the built programs: see tools/test-tier")
        }
        return "\(folder)/\(name)"
    }

    /// What a test needs and does not find.
    public struct Missing: Error, CustomStringConvertible {
        let what: String

        /// What is missing, and what would make it.
        public init(what: String) { self.what = what }

        /// What is missing.
        public var description: String { "there is no \(what)" }
    }

    /// How a program ended and what it wrote.
    public struct Run: Sendable {
        /// Its exit status; 128 and more for a signal.
        public let status: Int32
        /// Its standard output.
        public let output: String
        /// Its standard error.
        public let errors: String
    }

    /// Runs a program to its end, or ends it when its time is up.
    @discardableResult
    public static func run(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        seconds: Double = 60
    ) throws -> Run {
        let process = try start(path, arguments, environment: environment)
        let end = Date().addingTimeInterval(seconds)
        while process.process.isRunning {
            if Date() > end { process.process.kill() }
            usleep(10_000)
        }
        return process.result()
    }

    /// Runs a program that must succeed.
    @discardableResult
    public static func succeed(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        seconds: Double = 60
    ) throws -> String {
        let run = try run(path, arguments, environment: environment, seconds: seconds)
        guard run.status == 0 else {
            throw Missing(what: "success of \(path) \(arguments): \(run.status): \(run.output)\(run.errors)")
        }
        return run.output
    }

    /// A program that runs.
    public struct Started: Sendable {
        /// The process.
        public let process: TestProcess
        let output: String
        let errors: String

        /// How it ended and what it wrote; waits for the end.
        public func result() -> Run {
            let status = process.waitUntilExit()
            let texts = [output, errors].map { path in
                let text = FileManager.default.contents(atPath: path).map {
                    String(decoding: $0, as: UTF8.self)
                }
                unlink(path)
                return text ?? ""
            }
            return Run(status: status, output: texts[0], errors: texts[1])
        }
    }

    /// Starts a program.
    ///
    /// Its output goes to files: a grandchild that lives on does not keep us waiting.
    public static func start(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Started {
        let base = "/var/tmp/cvm-run-\(UUID().uuidString.prefix(8).lowercased())"
        let process = try TestProcess(
            [path] + arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            output: "\(base).out",
            errors: "\(base).err"
        )
        return Started(process: process, output: "\(base).out", errors: "\(base).err")
    }
}
