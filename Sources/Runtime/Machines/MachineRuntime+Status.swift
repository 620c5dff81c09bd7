// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
public import Libvirt
import LinuxSystem
public import PreparedInterface

/// A machine and what it does.
public struct MachineStatus: Hashable, Sendable {
    /// The machine.
    public let machine: Machine
    /// What its domain does; nil where there is none.
    public let domain: DomainState?
    /// Its interfaces, as far as their records can be read.
    public let interfaces: [PreparedInterface]

    /// One word for the operator.
    public var word: String {
        if let domain { return domain.rawValue }
        return machine.wasStarted ? "stopped" : "incomplete"
    }
}

extension MachineRuntime {
    /// All machines and what they do, by name.
    public func list() async throws(MachineError) -> [MachineStatus] {
        let machines = try store.list()
        guard !machines.isEmpty else { return [] }
        var statuses: [MachineStatus] = []
        for machine in machines { statuses.append(try await status(of: machine)) }
        return statuses
    }

    /// What a machine does.
    public func status(of machine: Machine) async throws(MachineError) -> MachineStatus {
        do throws(LibvirtError) {
            return MachineStatus(
                machine: machine,
                domain: try await hypervisor.state(of: machine.domain),
                interfaces: interfaces(of: machine)
            )
        } catch {
            throw MachineError("ask for the state of \(machine.name)", error)
        }
    }

    /// The terminal of a running machine's console.
    public func consoleTerminal(of machine: Machine) async throws(MachineError) -> String {
        let operation = "open the console of \(machine.name)"
        let terminal: String?
        do throws(LibvirtError) {
            terminal = try await hypervisor.consoleTerminal(of: machine.domain)
        } catch {
            throw MachineError(operation, error)
        }
        guard let terminal else {
            throw MachineError(
                operation,
                "it does not run",
                advice: "Read what it wrote: vmctl console --log \(machine.name)"
            )
        }
        return terminal
    }

    /// A list is no place to fail at one unreadable record: it is left out.
    private func interfaces(of machine: Machine) -> [PreparedInterface] {
        let container = machine.sandbox.containerID
        do {
            return try PreparedNetwork(of: container, names: [], in: settings.interfacesFolder).interfaces
        } catch {
            return []
        }
    }
}
