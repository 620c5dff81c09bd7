// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// /syncports, and what is loaded at the start.
extension Agent {
    /// POST /syncports.
    func sync() {
        version += 1
        startStaleTimer(version)
    }

    /// The timer's walk: what was not posted since is removed; namespace ports stay.
    func cleanStale(below version: UInt64) {
        for entry in ports.values where entry.kind != .namespace && entry.version < version {
            deletePort(entry.interface)
        }
        for key in machinePorts.keys.sorted() {
            guard let entry = machinePorts[key], entry.version < version else { continue }
            let siblings = machinePorts.keys.count { $0.machine == key.machine }
            deleteMachinePorts(key.machine)
            if siblings > 1, machinePorts[key] == nil, switches.crashOnStaleMachine { crash(.memory) }
        }
    }

    /// Loads the state files.
    ///
    /// What cannot be read is passed over.
    func reload() {
        let files = state.contents()
        for text in files.ports { load { () throws(AgentError) in try addPort(text, fromFile: true) } }
        for text in files.machinePorts {
            load { () throws(AgentError) in try addMachinePort(text, fromFile: true) }
        }
    }

    private func load(_ body: () throws(AgentError) -> Void) {
        do {
            try body()
        } catch {
            // The agent only leaves a trace of it.
        }
    }
}
