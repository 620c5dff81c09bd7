// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Machines

/// The command that examines the host.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Examine whether this host can run machines, and tell what to do where it cannot.",
        discussion: """
            Each line begins with ok, warn or fail. warn means that machines run, but not all of them or \
            not as well as they could; fail means that none does, and makes the exit status 1. Whether KVM \
            is of use is measured by a tiny guest and a clock.
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        let findings = await HostExamination(settings: try host.settings()).findings()
        for finding in findings { Terminal.line(finding.line) }
        if findings.contains(where: { $0.grade == .fail }) { throw ExitCode.failure }
    }
}
