// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Libvirt
import Testing

@testable import PodRuntime

@Suite struct GuestEndingTests {
    /// What kubelet's restartPolicy goes by: OnFailure restarts where the code is not 0.
    static let table: [(DomainEnding, Int32, String)] = [
        (.guestShutDown, 0, "Completed"), (.forced, 137, "Error"), (.guestCrashed, 134, "GuestPanicked"),
        (.emulatorFailed, 1, "EmulatorFailed"), (.outOfMemory, 137, "OOMKilled"),
        (.nodeRestarted, 255, "NodeRestarted"), (.unknown, 255, "Unknown"),
    ]

    @Test func `each end has a code and a reason`() {
        #expect(Self.table.count == DomainEnding.allCases.count)
        for (ending, code, reason) in Self.table {
            let meaning = GuestEnding(ending)
            #expect(meaning.code == code && meaning.reason == reason && !meaning.message.isEmpty)
        }
    }
}
