// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DomainXML
import KVMProbe
import LinuxSystem
import Machines

/// What `--accel` chooses.
enum AcceleratorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case kvm
    case tcg

    /// The accelerator; `auto` measures it at the first time after a boot and remembers.
    func resolved(_ settings: Settings) async throws -> Domain.Accelerator {
        switch self {
        case .kvm: return .kvm
        case .tcg: return .tcg
        case .auto: break
        }
        let path = "\(settings.runFolder)/accelerator"
        if let bytes = try Files.read(path, limit: 16),
            let known = Domain.Accelerator(rawValue: String(decoding: bytes, as: UTF8.self))
        {
            return known
        }
        Terminal.note("Measuring whether KVM is of use")
        let verdict = try await KVMProbe(qemu: settings.qemu).verdict(folder: settings.runFolder)
        let found: Domain.Accelerator = verdict == .usable ? .kvm : .tcg
        try Files.write(Array(found.rawValue.utf8), to: path)
        return found
    }
}
