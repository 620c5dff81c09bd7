// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Machines

/// The command that examines the host.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Examine whether this host can run machines, and tell what to do where it cannot."
    )

    @OptionGroup var host: HostOptions

    func run() async throws {}
}
