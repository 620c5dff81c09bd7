// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The command that examines the host.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Examine whether this host can run machines, and tell what to do where it cannot.",
        discussion: """
            Each line begins with ok, warn or fail. warn means that some machines do not run, or that they run \
            worse than they could; fail means that none runs, and sets the exit status to 1. A tiny guest and a \
            clock measure whether KVM is of use.
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        let configuration = try host.configuration()
        guard let examination = HostExamination(configuration) else {
            throw ValidationError("emulator-uid-first and emulator-uid-count are not a range of users.")
        }
        let findings = await examination.findings()
        for finding in findings { Terminal.line(finding.line) }
        if findings.contains(where: { $0.grade == .fail }) { throw ExitCode.failure }
    }
}
