// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DomainXML
import KVMProbe
import Machines

/// What `--accel` chooses.
enum AcceleratorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case kvm
    case tcg

    /// The accelerator that this means on this node.
    func resolved(_ settings: Settings) async throws -> Domain.Accelerator {
        switch self {
        case .kvm: return .kvm
        case .tcg: return .tcg
        case .auto:
            let probe = KVMProbe(qemu: settings.qemu)
            return try await probe.prefersKVM(folder: settings.runFolder, tell: Terminal.note) ? .kvm : .tcg
        }
    }
}
