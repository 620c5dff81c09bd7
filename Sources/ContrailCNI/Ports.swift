// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import LinuxSystem
import NetworkTypes
import OwedDeletions
import PreparedInterface
import VRouter

/// What the plugin does with ports at the agent, beyond single requests.
///
/// The caller holds the VM's lock.
struct Ports {
    let agent: AgentClient
    let configuration: ContrailConfiguration

    /// Removes a container's port, unless it is another container's by now: a late DEL of an older sandbox
    /// must not hit the new one.
    ///
    /// `DELETE /vm` takes all ports of a pod, so it goes out with the last one.
    ///
    /// `isLast`: whether the container has no other port of this VM.
    func remove(_ debt: OwedDeletion, isLast: Bool) throws(AgentError) {
        switch debt.kind {
        case .vm:
            guard isLast, try isStillOurs(debt) else { return }
            try agent.remove(vm: debt.vm)
        case .port:
            guard try isStillOurs(debt) else { return }
            try agent.remove(port: debt.vmi)
        }
    }

    private func isStillOurs(_ debt: OwedDeletion) throws(AgentError) -> Bool {
        do throws(AgentError) {
            let state =
                debt.kind == .vm
                ? try agent.state(vm: debt.vm, vmi: debt.vmi) : try agent.state(port: debt.vmi)
            return state.systemName == debt.systemName
        } catch {
            // Not plugged, or its network has gone: DELETE is harmless then, and may clear a rest.
            guard case .notYet = error.cause else { throw error }
            return !belongsToAnother(debt)
        }
    }

    /// Whether the agent's file says that a newer container has the port.
    private func belongsToAnother(_ debt: OwedDeletion) -> Bool {
        do throws(SystemError) {
            if debt.kind == .port {
                let bytes = try Files.read(configuration.agentFiles.path(port: debt.vmi))
                guard bytes != nil else { return false }
                return try !configuration.agentFiles.isHeld(port: debt.vmi, systemName: debt.systemName)
            }
            return try configuration.agentFiles.holder(
                vmName: debt.vmName,
                vmi: debt.vmi,
                of: debt.containerID
            )
                == .another
        } catch {
            return false
        }
    }

    /// Tells the agent of an interface; repeating it changes nothing.
    func register(_ registration: Plan.Registration) throws(AgentError) {
        switch registration {
        case .vm(let registration): try agent.register(registration)
        case .port(let registration): try agent.register(registration)
        }
    }

    /// What the agent tells of an interface that was registered.
    func state(of port: VRouterPort) throws(AgentError) -> PortState {
        switch port.kind {
        case .vm: try agent.state(vm: port.vm, vmi: port.vmi)
        case .port: try agent.state(port: port.vmi)
        }
    }

    /// Makes room for an interface that the agent has under an older device's name: it ignores a changed name
    /// in a second POST.
    ///
    /// `DELETE /vm` takes the pod's other interfaces, too: those of the same container are told again.
    func replace(_ port: VRouterPort, containerID: String) throws(AgentError) {
        guard port.kind == .vm else { return try agent.remove(port: port.vmi) }
        try agent.remove(vm: port.vm)
        let siblings: [[UInt8]]
        do throws(SystemError) {
            siblings = try configuration.agentFiles.siblings(
                of: port.vmi,
                vmName: port.vmName,
                containerID: containerID
            )
        } catch {
            // port-sync registers them within its next round.
            return
        }
        for file in siblings { try agent.register(file: file) }
    }

    /// The ports of a VM that the agent has for a device; none where it can't tell now.
    func plugged(vmName: String, device: InterfaceName) -> [(vm: UUID, vmi: UUID)] {
        do throws(AgentError) {
            var ports: [(vm: UUID, vmi: UUID)] = []
            for assignment in try agent.assignments(of: vmName) {
                do throws(AgentError) {
                    let state = try agent.state(vm: assignment.vm, vmi: assignment.vmi)
                    if state.systemName == device.text { ports.append((assignment.vm, assignment.vmi)) }
                } catch {
                    // Not plugged. An agent that is gone by now has no ports at all.
                    guard case .notYet = error.cause else { throw error }
                }
            }
            return ports
        } catch {
            return []
        }
    }

    /// Pays what is owed for a VM whose lock is held.
    ///
    /// - Returns: What is owed for other VMs.
    func payDebts(of vmName: String) throws(AgentError) -> [OwedDeletion] {
        var others: [OwedDeletion] = []
        for debt in debts() {
            if debt.vmName == vmName { try pay(debt) } else { others.append(debt) }
        }
        return others
    }

    /// Pays what is owed for a VM whose lock is held, and a few debts of others; what can't be paid now stays owed.
    func payAllDebts(of vmName: String) {
        do throws(AgentError) { payOthersDebts(try payDebts(of: vmName)) } catch {
            // The agent went away meanwhile: a later call pays.
        }
    }

    /// Pays a few debts of other VMs; gives up at the first sign that the agent is down.
    func payOthersDebts(_ debts: [OwedDeletion], most: Int = 4) {
        for debt in debts.prefix(most) {
            do throws(SystemError) {
                let lock = try FileLock("\(configuration.runFolder)/locks/\(debt.vmName)", deadline: 0)
                defer { lock.unlock() }
                // Only the lock's holder may pay: until now another call can have.
                guard try configuration.debts.contains(debt) else { continue }
                do throws(AgentError) { try pay(debt) } catch { return }
            } catch {
                // Somebody works on this VM: that call pays, or the next.
                continue
            }
        }
    }

    /// What is owed on this node; a folder that can't be read owes nothing now.
    func debts() -> [OwedDeletion] {
        do throws(SystemError) { return try configuration.debts.list() } catch { return [] }
    }

    private func pay(_ debt: OwedDeletion) throws(AgentError) {
        try remove(debt, isLast: true)
        // A debt that can't be forgotten is paid again: DELETE is idempotent.
        do throws(SystemError) { try configuration.debts.remove(debt) } catch {}
    }
}
