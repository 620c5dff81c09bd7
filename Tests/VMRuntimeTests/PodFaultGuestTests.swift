// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// vm-runtime broken on purpose, as the plugins are in FaultTests: in the gate another part of all points every day,
/// with CONTRAIL_VM_FAULTS=all the whole.
@Suite(.serialized) struct PodFaultGuestTests {
    private func check(_ name: String) throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let isWhole = Programs.variable("CONTRAIL_VM_FAULTS") == "all"
        let run = try Programs.run("\(here)/node", [name], seconds: isWhole ? 3000 : 300)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
        for line in run.output.split(separator: "\n") where line.hasPrefix("vm-runtime ") { print(line) }
    }

    @Test(
        "vm-runtime is killed at each effect of a pod's life, and nothing is left",
        .rule("KILLPOINTS"),
        .timeLimit(.minutes(60))
    )
    func killpoints() throws { try check("killpoints") }

    @Test(
        "vm-runtime is killed at each effect of a start that finds a mess, and the next one tidies up",
        .rule("STARTPOINTS"),
        .timeLimit(.minutes(60))
    )
    func startpoints() throws { try check("startpoints") }

    @Test(
        "each effect on files and mounts fails, once and for lack of room: in words, and nothing is left",
        .rule("ERRORPOINTS"),
        .timeLimit(.minutes(60))
    )
    func errorpoints() throws { try check("errorpoints") }

    @Test(
        "the database after a power loss or on a spoiled disk: retries converge, or it says what to do and VMs live on",
        .rule("POWERLOSS"),
        .timeLimit(.minutes(60))
    )
    func powerloss() throws { try check("powerloss") }

    @Test(
        "each other state file missing, cut or garbage: retries converge, and nothing is left",
        .rule("STATEFILES"),
        .timeLimit(.minutes(60))
    )
    func statefiles() throws { try check("statefiles") }
}
