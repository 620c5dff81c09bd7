// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import NetworkTypes
import PreparedInterface
import Resident
import VRouter

extension Daemon {
    var sweepSearch: SweepSearch {
        SweepSearch(
            configuration: configuration,
            rule: SweepRule(clusterName: configuration.clusterName, bootSeconds: bootSeconds)
        )
    }

    /// Looks at one file that may be stale.
    ///
    /// - Returns: Whether there was one.
    func sweep(_ round: inout Round, now: Int64) -> Bool {
        if round.sweep == nil {
            guard now >= nextSweep else { return false }
            nextSweep = now + Self.sweepInterval
            round.sweep = []
            let known = Set(table.ports.values.map { $0.vmi })
            do throws(SystemError) {
                round.sweep = try sweepSearch.candidates { known.contains($0) }
            } catch {
                fail(error.message, &round)
            }
        }
        guard let item = round.sweep?.popLast() else { return false }
        do throws(SystemError) {
            let lock = try configuration.runFolder.lock(item.vmName, deadline: 0)
            defer { lock.unlock() }
            if try sweep(item) { metrics.filesSwept += 1 }
        } catch {
            // Who works on this VM may need the file.
            if error.errno != ETIMEDOUT { fail(error.message, &round) }
        }
        return true
    }

    /// Removes what an item stands for if it is dead; the VM's lock is held.
    ///
    /// - Returns: Whether a file was removed.
    private func sweep(_ item: SweepItem) throws(SystemError) -> Bool {
        switch item {
        case .folder(let vmName):
            try AgentFiles(folder: configuration.configFolder).removeFolderIfEmpty(vmName: vmName)
            return false
        case .vm(let seen): return try sweep(seen)
        case .port(let seen): return try sweep(seen)
        }
    }

    private func sweep(_ seen: PortRegistration) throws(SystemError) -> Bool {
        let files = AgentFiles(folder: configuration.configFolder)
        // Before the lock was ours, an ADD can have made the file its own.
        guard case .registration(let file) = try files.content(vmName: seen.vmName, vmi: seen.vmi) else {
            return false
        }
        var facts = SweepRule.Facts()
        facts.isRecorded = sweepSearch.isRecorded(file)
        facts.hasDevice = hasDevice(file.hostInterface)
        guard sweepSearch.rule.isDead(file, facts), forgets(file) else { return false }
        try files.remove(vmName: file.vmName, vmi: file.vmi)
        log.write(
            .info,
            "removed \(files.path(vmName: file.vmName, vmi: file.vmi)): there is no record and no device \(file.hostInterface.text)"
        )
        return true
    }

    /// Sees to it that the agent does not keep a dead port, either: on a DPDK node it loads files whose devices
    /// are gone.
    ///
    /// - Returns: Whether the file may go.
    private func forgets(_ file: PortRegistration) -> Bool {
        // An agent that is not there will not load the file when it starts.
        guard metrics.isAgentUp else { return true }
        do throws(AgentError) {
            guard try agent.state(vm: file.vm, vmi: file.vmi).systemName == file.hostInterface.text else {
                return true
            }
            // DELETE takes all ports of the pod: not while one of them is somebody's.
            guard !table.ports.values.contains(where: { $0.vm == file.vm }) else { return true }
            try agent.remove(vm: file.vm)
            return true
        } catch {
            if error.isAgentDown {
                loseAgent(error.message)
                return false
            }
            return true
        }
    }

    private func sweep(_ seen: PortFile) throws(SystemError) -> Bool {
        guard metrics.isAgentUp, let file = try sweepSearch.portFile(seen.vmi), file.vmName == seen.vmName
        else {
            return false
        }
        var facts = SweepRule.Facts()
        (facts.isRecorded, facts.isUncertain) = try sweepSearch.search(file.vmi)
        facts.hasRecords = Files.isFolder(configuration.store.folder)
        guard sweepSearch.rule.isDead(file, facts) else { return false }
        do throws(AgentError) {
            try agent.remove(port: file.vmi)
        } catch {
            if error.isAgentDown { loseAgent(error.message) }
            return false
        }
        // The agent answers 200 whatever became of it.
        guard try sweepSearch.portFile(file.vmi) == nil else { return false }
        log.write(.info, "removed port \(file.vmi.text) of \(file.vmName) at the agent: there is no record")
        return true
    }

    /// Whether a device is in this namespace; where it can't be told, there is one.
    private func hasDevice(_ name: InterfaceName) -> Bool {
        name.text.withCString { if_nametoindex($0) } != 0 || clinux_errno() != ENODEV
    }
}
