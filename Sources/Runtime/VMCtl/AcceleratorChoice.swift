// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DomainXML
import Machines

/// What `--accel` chooses.
enum AcceleratorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case kvm
    case tcg

    /// The accelerator.
    func resolved(_ settings: Settings) async throws -> Domain.Accelerator {
        switch self {
        case .kvm: .kvm
        case .tcg: .tcg
        case .auto: .tcg
        }
    }
}
