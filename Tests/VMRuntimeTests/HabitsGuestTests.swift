// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What kubelet and pods' authors do beside the usual, with an emulator that answers QMP and has no guest.
@Suite(.serialized) struct HabitsGuestTests {
    /// On one node, one after another: most of a check's time would be its node's start.
    ///
    /// - `grace`: a long grace period holds up no other call and no other pod, and a shorter one wins.
    /// - `planted`: what is planted where a log belongs is not followed, opened or waited for.
    /// - `refusals`: what can't be honoured is refused where it is asked for first, by its name, and leaves nothing.
    /// - `updates`, `names`: of resources that can't be granted nothing is kept; names and images are as they were asked for.
    /// - `queues`: a bridged VM has more processors than its interface can have queues.
    @Test(
        "long grace periods, planted logs, what can't be honoured, names and many processors",
        .rule("StopContainer", "GRACE"),
        .rule("ReopenContainerLog", "LOGPATH"),
        .rule("RunPodSandbox", "CreateContainer", "REFUSALS"),
        .rule("UpdateContainerResources", "ContainerStatus", "ImageStatus", "PullImage", "SPELLING"),
        .rule("StartContainer", "QUEUES"),
        .timeLimit(.minutes(8))
    )
    func habits() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let checks = ["grace", "planted", "refusals", "updates", "names", "queues"]
        let run = try Programs.run("\(here)/node", checks, seconds: 400)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
    }
}
