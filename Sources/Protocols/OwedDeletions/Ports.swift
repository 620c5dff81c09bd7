// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import NetworkTypes
public import PreparedInterface
public import VRouter

/// What is done with ports at the agent, beyond single requests: by the plugin, and by port-sync.
///
/// The caller holds the VM's lock.
public struct Ports {
    /// The agent.
    public let agent: AgentClient
    /// The agent's files.
    public let files: AgentFiles
    /// What is owed on this node.
    public let owed: OwedDeletions
    private let runFolder: RunFolder

    /// The ports at an agent.
    ///
    /// `runFolder`: where locks are.
    public init(agent: AgentClient, files: AgentFiles, owed: OwedDeletions, runFolder: RunFolder) {
        self.agent = agent
        self.files = files
        self.owed = owed
        self.runFolder = runFolder
    }

    /// Removes a container's port, unless it is another container's by now: a late DEL of an older sandbox
    /// must not hit the new one.
    ///
    /// `DELETE /vm` takes all ports of a pod, so it goes out with the last one.
    ///
    /// `isLast`: whether the container has no other port of this VM.
    public func remove(_ debt: OwedDeletion, isLast: Bool) throws(AgentError) {
        switch debt.kind {
        case .vm:
            guard isLast, !servesAnother(debt), try isStillOurs(debt) else { return }
            try agent.remove(vm: debt.vm)
        case .port:
            guard try isStillOurs(debt) else { return }
            try agent.remove(port: debt.vmi)
        }
    }

    /// Whether a newer sandbox of the pod has an interface by now, be it another one: DELETE would take it along.
    ///
    /// The port that stays is replaced when the new sandbox gets its own.
    private func servesAnother(_ debt: OwedDeletion) -> Bool {
        do throws(SystemError) {
            return try files.nameOthers(vmName: debt.vmName, containerID: debt.containerID, but: debt.vmi)
        } catch {
            return false
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
                let bytes = try Files.read(files.path(port: debt.vmi))
                guard bytes != nil else { return false }
                return try !files.isHeld(port: debt.vmi, systemName: debt.systemName)
            }
            return try files.holder(vmName: debt.vmName, vmi: debt.vmi, of: debt.containerID) == .another
        } catch {
            return false
        }
    }

    /// Pays what is owed for a VM whose lock is held.
    ///
    /// - Returns: What is owed for other VMs.
    public func payDebts(of vmName: String) throws(AgentError) -> [OwedDeletion] {
        var others: [OwedDeletion] = []
        for debt in debts() {
            if debt.vmName == vmName { try pay(debt) } else { others.append(debt) }
        }
        return others
    }

    /// What became of debts.
    public struct Payment: Hashable, Sendable {
        /// How many were looked at.
        public var tried = 0
        /// How many were paid.
        public var paid = 0
        /// The error at which paying was given up.
        public var failure: AgentError?
    }

    /// Pays a few debts of other VMs; gives up at the first sign that the agent is down.
    @discardableResult
    public func payOthersDebts(_ debts: [OwedDeletion], most: Int = 4) -> Payment {
        var payment = Payment()
        for debt in debts.prefix(most) {
            payment.tried += 1
            do throws(SystemError) {
                let lock = try runFolder.lock(debt.vmName, deadline: 0)
                defer { lock.unlock() }
                // Only the lock's holder may pay: until now another call can have.
                guard try owed.contains(debt) else { continue }
                do throws(AgentError) {
                    try pay(debt)
                } catch {
                    payment.failure = error
                    return payment
                }
                payment.paid += 1
            } catch {
                // Somebody works on this VM: that call pays, or the next.
                continue
            }
        }
        return payment
    }

    /// What is owed on this node; a folder that can't be read owes nothing now.
    public func debts() -> [OwedDeletion] {
        do throws(SystemError) { return try owed.list() } catch { return [] }
    }

    private func pay(_ debt: OwedDeletion) throws(AgentError) {
        try remove(debt, isLast: true)
        // A debt that can't be forgotten is paid again: DELETE is idempotent.
        do throws(SystemError) { try owed.remove(debt) } catch {}
    }
}
