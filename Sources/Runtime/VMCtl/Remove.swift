// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Machines

/// The command that removes machines.
struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove a machine: its disk, its log and its network.",
        discussion: """
            A guest that runs is ended at once. Removing a machine that is not there is no error. What a \
            run that was cut short left behind is removed, too.
            """
    )

    @Argument(help: "The names of the machines.")
    var names: [String]

    @OptionGroup var host: HostOptions

    func run() async throws {
        let runtime = try host.runtime()
        for name in names where try await !runtime.remove(name) {
            Terminal.note("There is no machine \(name).")
        }
    }
}
