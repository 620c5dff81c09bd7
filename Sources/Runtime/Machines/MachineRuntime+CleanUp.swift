// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

extension MachineRuntime {
    /// Undoes all that was made for a machine, as far as it was made.
    ///
    /// Repeatable.
    /// - Returns: What could not be undone; then the description stays.
    func cleanUp(_ machine: Machine) async -> [String] {
        var failures: [String] = []
        func attempt(_ step: () async throws -> Void) async {
            do { try await step() } catch { failures.append("\(error)") }
        }
        await attempt { try await hypervisor.destroy(machine.domain) }
        guard failures.isEmpty else { return failures }
        for network in machine.sandbox.networks.reversed() {
            await attempt { try await plugins.delete(attachment(of: machine, to: network)) }
        }
        guard failures.isEmpty else { return failures }
        await attempt {
            if let namespace = machine.sandbox.namespace {
                try NamedNamespace.remove(namespace)
                try Files.remove(sandboxFile(of: machine))
            }
        }
        guard failures.isEmpty else { return failures }
        await attempt { try store.remove(machine.name) }
        return failures
    }
}
