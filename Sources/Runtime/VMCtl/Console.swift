// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Machines

/// The command that talks to a machine's console.
struct Console: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to a machine's serial console, or print what it wrote.",
        discussion: "Ctrl-] leaves the console."
    )

    @Argument(help: "The machine's name.")
    var name: String

    @OptionGroup var host: HostOptions

    func run() async throws {}
}
