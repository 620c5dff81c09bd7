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

    @Test(
        "what can't be honoured is refused where it is asked for first, by its name, and leaves nothing",
        .rule("RunPodSandbox", "CreateContainer", "REFUSALS"),
        .timeLimit(.minutes(4))
    )
    func refusals() throws { try check("refusals") }

    @Test(
        "of resources that can't be granted nothing is kept, and names and images are as they were asked for",
        .rule("UpdateContainerResources", "ContainerStatus", "ImageStatus", "PullImage", "SPELLING"),
        .timeLimit(.minutes(4))
    )
    func updates() throws { try check("updates", "names") }

    @Test(
        "a bridged VM has more processors than its interface can have queues",
        .rule("StartContainer", "QUEUES"),
        .timeLimit(.minutes(4))
    )
    func queues() throws { try check("queues") }
}
