// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What kubelet and pods' authors do beside the usual, with an emulator that answers QMP and has no guest.
@Suite(.serialized) struct HabitsGuestTests {
    private func check(_ names: String...) throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let run = try Programs.run("\(here)/node", names, seconds: 200)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
    }

    @Test(
        "a long grace period holds up no other call and no other pod, and a shorter one wins",
        .rule("StopContainer", "GRACE"),
        .timeLimit(.minutes(4))
    )
    func grace() throws { try check("grace") }

    @Test(
        "what is planted where a log belongs is not followed, opened or waited for",
        .rule("ReopenContainerLog", "LOGPATH"),
        .timeLimit(.minutes(4))
    )
    func planted() throws { try check("planted") }
}
