// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

@testable import VRouterSimulator

/// A fresh network namespace for the length of a test.
enum Namespace {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether this process may make namespaces.
    static let isPossible = getuid() == 0

    /// Runs the body on a thread of its own in a network namespace of its own, whose loopback is up.
    static func run(_ body: @escaping @Sendable () throws -> Void) throws {
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        let failure = Box(outcome)
        let thread = try PlainThread {
            failure.value.withLock { result in
                result = Result {
                    try unshareNetwork()
                    try shell("ip link set lo up")
                    try body()
                }
            }
        }
        thread.join()
        try failure.value.withLock { try $0.get() }
    }

    private final class Box: Sendable {
        let value: Mutex<Result<Void, any Error>>

        init(_ value: consuming sending Mutex<Result<Void, any Error>>) {
            self.value = value
        }
    }

    /// Glibc's module has no unshare(2).
    private static func unshareNetwork() throws {
        typealias Unshare = @convention(c) (Int32) -> Int32
        guard let symbol = dlsym(nil, "unshare") else { throw Failure(description: "no unshare") }
        guard unsafeBitCast(symbol, to: Unshare.self)(0x4000_0000) == 0 else {
            throw SystemError("unshare", "the network")
        }
    }

    /// Runs a command; fails if it does.
    @discardableResult
    static func shell(_ command: String) throws -> String {
        let (output, status) = try tryShell(command)
        guard status == 0 else { throw Failure(description: "\(command): status \(status): \(output)") }
        return output
    }

    /// Runs a command for at most 20 seconds.
    static func tryShell(_ command: String) throws -> (output: String, status: Int32) {
        let quoted = command.replacing("'", with: #"'\''"#)
        guard let pipe = popen("timeout -k 1 20 sh -c '\(quoted)' 2>&1", "r") else {
            throw SystemError("run", command)
        }
        var output: Bytes = []
        while case let character = fgetc(pipe), character != EOF { output.append(UInt8(character)) }
        let status = pclose(pipe)
        return (output.text, status >> 8)
    }

    static func check(_ condition: Bool, _ text: @autoclosure () throws -> String, line: Int = #line) throws {
        guard condition else { throw Failure(description: "line \(line): \(try text())") }
    }

    /// Waits until a condition holds, at most five seconds.
    static func wait(
        for text: String,
        line: Int = #line,
        until condition: () throws -> Bool
    ) throws {
        for _ in 0..<250 {
            if try condition() { return }
            usleep(20_000)
        }
        throw Failure(description: "line \(line): waited in vain for \(text)")
    }
}
