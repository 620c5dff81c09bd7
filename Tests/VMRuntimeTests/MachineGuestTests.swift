// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// An operator's machines, by vmctl, with an emulator that answers QMP and has no guest; real guests of vmctl's are in
/// WholeWayGuestTests.
@Suite(.serialized) struct MachineGuestTests {
    /// On one node, one after another.
    ///
    /// - `machines`: kubelet's housekeeping leaves an operator's machines alone, and the operator kubelet's pods.
    /// - `consoles`: a console is one operator's at a time, and waiting for a guest has an end.
    /// - `unmakeable`: what can't be made is refused in words, and leaves nothing.
    /// - `interrupted`: vmctl or vm-runtime is killed during a run, and rm removes what came of it.
    /// - `metered`: Prometheus is told of calls, VMs, starts, images and debts.
    @Test(
        "an operator's machines live beside kubelet's pods, which neither touches of the other",
        .rule("OPERATOR", "METRICS"),
        .timeLimit(.minutes(6))
    )
    func machines() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let checks = ["machines", "consoles", "unmakeable", "interrupted", "metered"]
        let run = try Programs.run("\(here)/node", checks, seconds: 300)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
    }
}
