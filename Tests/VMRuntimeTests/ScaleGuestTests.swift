// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Many VM pods on one node, with an emulator that answers QMP and has no guest; and firmware of another kind.
@Suite(.serialized) struct ScaleGuestTests {
    private func check(_ names: String..., environment: [String: String] = [:]) throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let run = try Programs.run("\(here)/node", names, environment: environment, seconds: 500)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
    }

    @Test(
        "many pods come, run, live through a restart and go; nothing grows",
        .rule("SCALE"),
        .timeLimit(.minutes(9))
    )
    func scale() throws {
        try check(
            "begins",
            "full",
            "churn",
            environment: ["SCALE_BURST": "20", "SCALE_PODS": "50", "SCALE_LIVES": "60"]
        )
    }

    @Test(
        "a pod that names another VM's UUID does not hit that VM, and only what is ours is touched",
        .rule("IDENTITY"),
        .timeLimit(.minutes(9))
    )
    func identity() throws { try check("identity") }

    @Test(
        "VMs that an earlier build started are taken over, and its database can be gone back to",
        .rule("TAKEOVER"),
        .timeLimit(.minutes(9))
    )
    func upgrade() throws { try check("taken_over", "rolled_back") }

    @Test(
        "on a full disk pods are stopped and removed, and new ones are refused in words",
        .rule("FULLDISK"),
        .timeLimit(.minutes(9))
    )
    func fullDisk() throws { try check("full_disk") }

    @Test("an interface that somebody changed is told, and left", .rule("DRIFT"), .timeLimit(.minutes(9)))
    func drift() throws { try check("drift") }

    @Test(
        "a sandbox whose namespace is gone is not ready, and is removed",
        .rule("DEAD-NAMESPACE"),
        .timeLimit(.minutes(9))
    )
    func dead() throws { try check("dead") }

    @Test(
        "without descriptors calls fail in words, and nothing dies",
        .rule("DESCRIPTORS"),
        .timeLimit(.minutes(9))
    )
    func room() throws { try check("room") }

    @Test("modes are what is meant, whatever the umask", .rule("UMASK"), .timeLimit(.minutes(9)))
    func masked() throws { try check("masked") }

    @Test("UEFI starts where it is asked for", .rule("FIRMWARE"), .timeLimit(.minutes(6)))
    func firmware() throws { try check("firmware") }
}
