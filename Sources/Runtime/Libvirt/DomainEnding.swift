// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLibvirt

/// How a domain came to its end.
public enum DomainEnding: String, Hashable, Sendable, CaseIterable {
    /// The guest shut down by itself, or was asked to.
    case guestShutDown
    /// Somebody ended it by force.
    case forced
    /// The guest's kernel panicked. Its QEMU is still there.
    case guestCrashed
    /// QEMU ended by itself, or was killed.
    case emulatorFailed
    /// The kernel killed QEMU: its memory limit was reached.
    case outOfMemory
    /// The node was started anew.
    case nodeRestarted
    /// It can't be told: libvirt was started anew since, or does not know the domain.
    case unknown

    /// By the reason that libvirt keeps of a domain that is off.
    init(offReason reason: Int32) {
        switch virDomainShutoffReason(UInt32(bitPattern: reason)) {
        case VIR_DOMAIN_SHUTOFF_SHUTDOWN: self = .guestShutDown
        case VIR_DOMAIN_SHUTOFF_DESTROYED: self = .forced
        // Of a domain that is kept when its guest panics, it was QEMU that crashed.
        case VIR_DOMAIN_SHUTOFF_CRASHED, VIR_DOMAIN_SHUTOFF_FAILED: self = .emulatorFailed
        default: self = .unknown
        }
    }
}
