// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Libvirt

/// What the end of a guest means to kubelet: by the code and the restartPolicy it decides what comes next.
struct GuestEnding: Hashable, Sendable {
    /// 0 where it ended well.
    let code: Int32
    /// One word in camel case.
    let reason: String
    /// Words for people.
    let message: String

    /// The table.
    ///
    /// A reboot of the guest is not an end: the same VM goes on.
    init(_ ending: DomainEnding) {
        switch ending {
        case .guestShutDown:
            (code, reason, message) = (0, "Completed", "the guest shut down")
        case .forced:
            (code, reason, message) = (137, "Error", "the VM was ended by force, like by SIGKILL")
        case .guestCrashed:
            (code, reason, message) = (134, "GuestPanicked", "the guest's kernel panicked")
        case .emulatorFailed:
            (code, reason, message) = (
                1, "EmulatorFailed", "QEMU ended by itself: see libvirt's log of the domain"
            )
        case .outOfMemory:
            (code, reason, message) = (
                137, "OOMKilled", "QEMU was killed: the VM needed more than its memory limit"
            )
        case .nodeRestarted:
            (code, reason, message) = (
                255, "NodeRestarted", "the node was started anew, and the VM ended with it"
            )
        case .unknown:
            (code, reason, message) = (255, "Unknown", "the VM ended while vm-runtime was not running")
        }
    }
    /// A container that was made, and was given up for another attempt before it ran.
    static let neverStarted = GuestEnding(
        code: 128,
        reason: "NeverStarted",
        message: "it was never started, and another attempt was made"
    )

    private init(code: Int32, reason: String, message: String) {
        (self.code, self.reason, self.message) = (code, reason, message)
    }
}
