// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CBench
import Foundation

/// Programs that end with this process, whatever ends it.
enum Program {
    /// Starts a program.
    ///
    /// Its standard output is the descriptor `output`, its network namespace that of the descriptor `network`; -1
    /// stands for ours.
    static func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        output: Int32 = -1,
        network: Int32 = -1
    ) throws -> pid_t {
        var texts = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in texts + variables { free(pointer) } }
        return try check(bench_spawn(&texts, &variables, output, network), "start \(arguments[0])")
    }

    /// Runs a program and returns what it printed.
    static func output(
        _ arguments: [String],
        environment: [String: String] = [:],
        network: Int32 = -1
    ) throws -> String {
        let pipe = Pipe()
        let child = try start(
            arguments,
            environment: environment,
            output: pipe.fileHandleForWriting.fileDescriptor,
            network: network
        )
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        guard ended(child) == 0 else { throw Failure("\(arguments.joined(separator: " ")) failed: \(text)") }
        return text
    }

    /// Waits for the end of a program that must succeed.
    static func wait(_ child: pid_t) throws {
        guard ended(child) == 0 else { throw Failure("process \(child) failed") }
    }

    private static func ended(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR { continue }
        return status
    }
}
