// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PortSync

@Suite struct MetricsTests {
    @Test func `each metric has help, a type and its value`() throws {
        var metrics = Metrics()
        metrics.reregistrations = 1
        metrics.registrationFailures = 2
        metrics.owed = 3
        metrics.owedPaid = 4
        metrics.filesSwept = 5
        metrics.agentRestarts = 6
        metrics.isAgentUp = true
        metrics.lastSync = 1_767_225_600
        let ports = [
            Metrics.Port(vm: "k8s__default__web", interface: "eth0", isUp: true, isAdminUp: true),
            Metrics.Port(vm: "k8s__default__web", interface: "net1", isUp: false, isAdminUp: true),
        ]
        let text = String(decoding: metrics.text(known: 7, ports: ports), as: UTF8.self)
        let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
        #expect(
            Set(samples) == [
                #"contrail_vm_build_info{version="0.1.0"} 1"#, "contrail_vm_ports 7",
                #"contrail_vm_port_up{vm="k8s__default__web",interface="eth0"} 1"#,
                #"contrail_vm_port_up{vm="k8s__default__web",interface="net1"} 0"#,
                #"contrail_vm_port_admin_up{vm="k8s__default__web",interface="eth0"} 1"#,
                #"contrail_vm_port_admin_up{vm="k8s__default__web",interface="net1"} 1"#,
                "contrail_vm_reregistrations_total 1", "contrail_vm_registration_failures_total 2",
                "contrail_vm_owed_deletions 3", "contrail_vm_owed_paid_total 4",
                "contrail_vm_files_swept_total 5", "contrail_vm_agent_restarts_total 6",
                "contrail_vm_agent_up 1", "contrail_vm_last_sync_timestamp_seconds 1767225600",
            ]
        )
        #expect(samples.count == 14)
        for sample in samples {
            let name = sample.prefix { $0 != "{" && $0 != " " }
            #expect(text.contains("# HELP \(name) "))
            let type = name.hasSuffix("_total") ? "counter" : "gauge"
            #expect(text.contains("# TYPE \(name) \(type)\n"))
        }
        #expect(text.hasSuffix("\n"))
    }
}
