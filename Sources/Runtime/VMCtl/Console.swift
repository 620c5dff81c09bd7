// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import LinuxSystem
import Machines

/// The command that talks to a machine's console.
struct Console: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to a machine's serial console, or print what it wrote.",
        discussion: """
            Ctrl-] leaves the console; the machine goes on. One console can be open at a time. What the \
            guest writes is kept in the log in any case.
            """
    )

    @Argument(help: "The machine's name.")
    var name: String

    @Flag(help: "Print all that the guest has written, and do not open the console.")
    var log = false

    @Flag(name: .shortAndLong, help: "With --log: go on printing until the machine stops.")
    var follow = false

    @OptionGroup var host: HostOptions

    mutating func validate() throws {
        if follow, !log { throw ValidationError("--follow goes with --log.") }
    }

    func run() async throws {
        let runtime = try host.runtime()
        let machine = try runtime.find(name)
        if log {
            try await ConsoleLog(path: runtime.consoleLog(of: machine)).print(following: follow) {
                try await runtime.status(of: machine).domain != nil
            }
            return
        }
        let terminal = try await runtime.consoleTerminal(of: machine)
        let lock = try Self.lock(name, runtime.settings)
        defer { withExtendedLifetime(lock) {} }
        Terminal.note("Connected to \(name). Ctrl-] leaves.")
        try ConsoleSession(path: terminal).run()
    }

    private static func lock(_ name: String, _ settings: Settings) throws -> FileLock {
        do throws(SystemError) {
            return try FileLock("\(settings.locksFolder)/console-\(name)", deadline: 0)
        } catch {
            throw ValidationError(
                error.errno == ETIMEDOUT ? "The console of \(name) is open elsewhere." : error.message
            )
        }
    }
}
