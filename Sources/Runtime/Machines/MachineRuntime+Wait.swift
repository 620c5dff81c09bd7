// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Libvirt
import LinuxSystem

extension MachineRuntime {
    /// Waits until the guest's agent answers.
    public func waitForAgent(of machine: Machine, seconds: Double) async throws(MachineError) {
        let operation = "wait for the guest agent of \(machine.name)"
        let command = #"{"execute":"guest-ping"}"#
        try await wait(for: machine, operation, seconds: seconds) {
            do throws(LibvirtError) {
                _ = try await hypervisor.askAgent(of: machine.domain, command, seconds: 2)
                return true
            } catch {
                if error.isNoDomain { throw error }
                return false
            }
        }
    }

    /// Waits until the guest has written a text on its console.
    public func waitForConsole(
        of machine: Machine,
        marker: String,
        seconds: Double
    ) async throws(MachineError) {
        let operation = "wait for \"\(marker)\" on the console of \(machine.name)"
        let path = consoleLog(of: machine)
        try await wait(for: machine, operation, seconds: seconds) {
            let log = try Files.read(path, limit: 64 << 20) ?? []
            return String(decoding: log, as: UTF8.self).contains(marker)
        }
    }

    private func wait(
        for machine: Machine,
        _ operation: String,
        seconds: Double,
        _ isDone: () async throws -> Bool
    ) async throws(MachineError) {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        do {
            while true {
                if try await isDone() { return }
                guard try await hypervisor.state(of: machine.domain) != nil else {
                    throw MachineError(
                        operation,
                        "the machine stopped",
                        advice: "Read what it wrote: vmctl console --log \(machine.name)"
                    )
                }
                guard clock.now < end else {
                    throw MachineError(
                        operation,
                        "it took more than \(seconds) s; the machine goes on",
                        advice: "Read what it wrote: vmctl console --log \(machine.name)"
                    )
                }
                try await Task.sleep(for: .milliseconds(250))
            }
        } catch {
            throw MachineError(operation, error)
        }
    }
}
