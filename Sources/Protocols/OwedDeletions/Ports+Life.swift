// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import LinuxSystem
public import NetworkTypes
public import PreparedInterface
public import VRouter

/// A port's life at the agent: registered, replaced, removed or owed.
///
/// The caller holds the VM's lock.
extension Ports {
    /// What is told to which of the agent's two tables.
    public enum Registration: Sendable {
        /// `POST /vm`.
        case vm(PortRegistration)
        /// `POST /port`.
        case port(VhostUserRegistration)
        /// Nothing: the agent makes sub-interfaces from its configuration.
        case none
    }

    /// Tells the agent of an interface; repeating it changes nothing.
    public func register(_ registration: Registration) throws(AgentError) {
        switch registration {
        case .vm(let registration): try agent.register(registration)
        case .port(let registration): try agent.register(registration)
        case .none: break
        }
    }

    /// What the agent tells of an interface that was registered.
    public func state(of port: VRouterPort) throws(AgentError) -> PortState {
        switch port.kind {
        case .vm: try agent.state(vm: port.vm, vmi: port.vmi)
        case .port: try agent.state(port: port.vmi)
        }
    }

    /// Makes room for an interface that the agent has under an older device's name: it ignores a changed name
    /// in a second POST.
    ///
    /// `DELETE /vm` takes the pod's other interfaces, too: those of the same container are told again.
    public func replace(_ port: VRouterPort, containerID: String) throws(AgentError) {
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
    public func plugged(vmName: String, device: InterfaceName) -> [(vm: UUID, vmi: UUID)] {
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
    public func payAllDebts(of vmName: String) {
        do throws(AgentError) { payOthersDebts(try payDebts(of: vmName)) } catch {
            // The agent went away meanwhile: a later call pays.
        }
    }

    /// The undo of a registration: the port is removed at once, or owed.
    ///
    /// `isLast`: whether the container has no other port of this VM.
    ///
    /// - Returns: What went wrong, for the error that made the undo necessary.
    public func undo(_ port: VRouterPort, of container: ContainerID, isLast: Bool) -> String? {
        let debt = OwedDeletion(port, of: container)
        do throws(AgentError) {
            try remove(debt, isLast: isLast)
        } catch {
            do throws(SystemError) { try owed.add(debt) } catch { return error.message }
        }
        return nil
    }

    /// Removes a container's port and the agent's file of it; what the agent does not take now is owed.
    ///
    /// `isLast`: whether the container has no other port of this VM.
    ///
    /// - Returns: Whether the agent is alive.
    public func settle(_ debt: OwedDeletion, isLast: Bool) throws(SystemError) -> Bool {
        var isAlive = true
        var isOwed = false
        do throws(AgentError) {
            try remove(debt, isLast: isLast)
        } catch {
            isAlive = !error.isAgentDown
            isOwed = true
        }
        var unnoted: SystemError?
        do throws(SystemError) {
            // A DEL of this container that was killed may have noted the debt, or begun to.
            if isOwed { try owed.add(debt) } else { try owed.remove(debt) }
        } catch {
            unnoted = error
        }
        try removeFile(of: debt)
        // On a full disk there is room now.
        if unnoted != nil { try owed.add(debt) }
        return isAlive
    }

    /// Removes the agent's file of a container's port.
    private func removeFile(of debt: OwedDeletion) throws(SystemError) {
        if debt.kind == .port {
            return try files.remove(port: debt.vmi, systemName: debt.systemName)
        }
        switch try files.holder(vmName: debt.vmName, vmi: debt.vmi, of: debt.containerID) {
        case .container, .unreadable: try files.remove(vmName: debt.vmName, vmi: debt.vmi)
        case .nobody, .another: try files.removeFolderIfEmpty(vmName: debt.vmName)
        }
    }
}

extension OwedDeletion {
    /// The debt of a container's port.
    public init(_ port: VRouterPort, of container: ContainerID) {
        self.init(
            kind: port.kind == .vm ? .vm : .port,
            vm: port.vm,
            vmi: port.vmi,
            vmName: port.vmName,
            containerID: container.text,
            systemName: port.systemName
        )
    }
}
