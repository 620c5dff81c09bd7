// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Resident

/// What is counted, and what is told of it.
struct Metrics: Hashable {
    /// One port's state.
    struct Port: Hashable {
        let vm: String
        let interface: String
        let isUp: Bool
        let isAdminUp: Bool
    }

    var reregistrations = 0
    var registrationFailures = 0
    var owed = 0
    var owedPaid = 0
    var filesSwept = 0
    var agentRestarts = 0
    var isAgentUp = false
    /// When the last round was done whole, in seconds since 1970; 0 for never.
    var lastSync = 0

    /// The text format, version 0.0.4.
    ///
    /// `known`: all ports with a record. `ports`: those that are shown one by one, each VM and interface once.
    func text(known: Int, ports: [Port]) -> [UInt8] {
        var writer = MetricsWriter()
        writer.reserve(2000 + ports.count * 220)
        writer.metric("contrail_vm_build_info", "gauge", "Version of port-sync; always 1.")
        writer.sample("contrail_vm_build_info", [("version", Options.version)], 1)
        writer.single("contrail_vm_ports", "gauge", "Ports with a record on this node.", known)
        writer.metric("contrail_vm_port_up", "gauge", "Whether the port's device is up and has a carrier.")
        for port in ports { writer.sample("contrail_vm_port_up", port, port.isUp) }
        writer.metric("contrail_vm_port_admin_up", "gauge", "Whether the port's device is set up.")
        for port in ports { writer.sample("contrail_vm_port_admin_up", port, port.isAdminUp) }
        let counters: [(String, String, Int)] = [
            (
                "contrail_vm_reregistrations_total", "Registrations of recorded ports that the agent took.",
                reregistrations
            ),
            (
                "contrail_vm_registration_failures_total", "Registrations of recorded ports that failed.",
                registrationFailures
            ),
            ("contrail_vm_owed_paid_total", "Owed deletions that were paid.", owedPaid),
            ("contrail_vm_files_swept_total", "Files of pods that are no more, removed.", filesSwept),
            (
                "contrail_vm_agent_restarts_total", "Restarts of the vRouter agent that were seen.",
                agentRestarts
            ),
        ]
        for (name, help, value) in counters { writer.single(name, "counter", help, value) }
        writer.single("contrail_vm_owed_deletions", "gauge", "Deletions that the agent is owed.", owed)
        writer.single(
            "contrail_vm_agent_up",
            "gauge",
            "Whether the vRouter agent answers.",
            isAgentUp ? 1 : 0
        )
        writer.single(
            "contrail_vm_last_sync_timestamp_seconds",
            "gauge",
            "When all ports were last registered, in seconds since 1970.",
            lastSync
        )
        return writer.bytes
    }
}

extension MetricsWriter {
    mutating func sample(_ name: String, _ port: Metrics.Port, _ value: Bool) {
        sample(name, [("vm", port.vm), ("interface", port.interface)], value ? 1 : 0)
    }
}
