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

    @Test func `labels are escaped`() {
        var writer = MetricsWriter()
        writer.sample("m", [("a", "x\\y\"z\nw"), ("b", "é")], -1)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"m{a="x\\y\"z\nw",b="é"} -1"# + "\n")
    }

    private func reply(_ request: String) -> String {
        String(
            decoding: MetricsServer.reply(to: Array(request.utf8)) { Array("body\n".utf8) },
            as: UTF8.self
        )
    }

    @Test func `two paths are served and all else is 404`() {
        #expect(
            reply("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbody\n"
        )
        #expect(reply("GET /metrics?name[]=x HTTP/1.0\n\n").hasSuffix("\r\n\r\nbody\n"))
        #expect(reply("GET /healthz HTTP/1.1\r\n\r\n").hasSuffix("\r\n\r\nok\n"))
        for request in [
            "GET / HTTP/1.1", "GET /metricsx HTTP/1.1", "POST /metrics HTTP/1.1", "HEAD /metrics HTTP/1.1",
            "get /metrics HTTP/1.1", "GET /metrics", "GET  /metrics HTTP/1.1", "", "\0\u{1}",
            "GET /metrics SPDY/3",
        ] { #expect(reply("\(request)\r\n\r\n").hasPrefix("HTTP/1.1 404 Not Found\r\n"), "\(request)") }
    }

    @Test func `a request is whole at the empty line, not before`() {
        let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        for count in 0..<request.count { #expect(!MetricsServer.isWhole(Array(request[..<count]))) }
        #expect(MetricsServer.isWhole(request))
        #expect(MetricsServer.isWhole(Array("GET /\n\n".utf8)))
    }
}
