// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Machines

/// The command that shuts a guest down.
struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shut a machine's guest down.",
        discussion: """
            The guest is asked by ACPI, as by a power button. Where it does not follow in time, QEMU is \
            ended. The machine's disk and log stay until vmctl rm.
            """
    )

    @Argument(help: "The machine's name.")
    var name: String

    @Option(name: .shortAndLong, help: "Seconds to wait for the guest; 0 ends QEMU at once.")
    var timeout = 30.0

    @OptionGroup var host: HostOptions

    mutating func validate() throws {
        guard timeout >= 0 else { throw ValidationError("--timeout must not be negative.") }
    }

    func run() async throws {
        switch try await host.runtime().stop(name, seconds: timeout) {
        case nil: Terminal.note("\(name) does not run.")
        case false: Terminal.note("\(name) shut down.")
        case true: Terminal.note("\(name) did not shut down within \(timeout) s and was ended.")
        }
    }
}
