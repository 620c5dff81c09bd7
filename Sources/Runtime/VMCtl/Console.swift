// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OperatorClient

/// The command that talks to a machine's console.
struct Console: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to a machine's serial console, or print what it wrote.",
        discussion: """
            Ctrl-] leaves the console; the machine keeps running. It can be open once at a time. What the guest \
            writes is kept in the log in any case.
            """
    )

    @Argument(help: "The machine's name.")
    var name: String

    @Flag(help: "Print all that the guest has written, and do not open the console.")
    var log = false

    @Flag(name: .shortAndLong, help: "With --log: go on printing until the machine stops.")
    var follow = false

    @OptionGroup var runtime: RuntimeOptions

    mutating func validate() throws {
        if follow, !log { throw ValidationError("--follow goes with --log.") }
    }

    func run() async throws {
        try await runtime.connected { [name, log, follow] vms in
            let machine = try await vms.present(name)
            guard log else {
                guard machine.state == .running else {
                    throw CommandError(
                        "\(name) does not run. Read what it wrote: vmctl console --log \(name)"
                    )
                }
                return try await ConsoleSession(name: name, containerID: machine.containerID).run(vms)
            }
            guard !machine.consoleLog.isEmpty else { throw CommandError("\(name) was never started.") }
            try await ConsoleLog(path: machine.consoleLog).print(following: follow) {
                try await vms.machine(named: name)?.state == .running
            }
        }
    }
}
