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

    @Test("an interface that somebody changed is told, and left", .rule("DRIFT"), .timeLimit(.minutes(9)))
    func drift() throws { try check("drift") }

    @Test("UEFI starts where it is asked for", .rule("FIRMWARE"), .timeLimit(.minutes(6)))
    func firmware() throws { try check("firmware") }
}
