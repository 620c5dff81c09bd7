// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import LinuxSystem
import NetworkTypes
import OwedDeletions
import PreparedInterface
import VRouter

/// What the plugin alone does with ports at the agent.
///
/// The caller holds the VM's lock.
extension Ports {
    /// Tells the agent of an interface; repeating it changes nothing.
    func register(_ registration: Plan.Registration) throws(AgentError) {
        switch registration {
        case .vm(let registration): try agent.register(registration)
        case .port(let registration): try agent.register(registration)
        case .none: break
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
            siblings = try files.siblings(
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

    /// Pays what is owed for a VM whose lock is held, and a few debts of others; what can't be paid now stays owed.
    func payAllDebts(of vmName: String) {
        do throws(AgentError) { payOthersDebts(try payDebts(of: vmName)) } catch {
            // The agent went away meanwhile: a later call pays.
        }
    }
}
