// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// Targets and methods: section 3.5 of the agent's record.
@Suite struct TargetStandInTests {
    private static let port = "/port/\(Sample.vmi)"

    static let known: [Exchange] =
        [port, port + "?a=b", port + "#f", "http://h:1" + port].map { Exchange("GET", $0, "", .notFound) }
        + [
            Exchange("GET", port, "body", .notFound),
            Exchange("DELETE", port + "?x", "", .ok),
            Exchange("DELETE", port, "body", .ok),
            Exchange("POST", "/port?x=1", Sample.port(), .ok),
            Exchange("GET", "/vm-cfg/", "", .notFound),
            Exchange("GET", "/vm-cfg/none", "", .notFound),
            Exchange("GET", "/vm-cfg/a/b", "", .notFound),
            Exchange("GET", "/vm-cfg/a%20b", "", .notFound),
            Exchange("GET", "/vm-cfg/" + String(repeating: "n", count: 60_000), "", .notFound),
        ]

    static let unknown: [Exchange] =
        [
            port + "/", "/" + port, "/port/%65a73b285-01a7-4d3e-8322-50976e8913da", "/Port/\(Sample.vmi)",
            "/port",
            "/port/", "/", "*", "/port/\(Sample.vmi.uppercased())", "/syncports", "/vm", "/gateway",
            "/vm-cfg",
            "/enable-port/\(Sample.vmi)",
        ].map { Exchange("GET", $0, "", .unknown) }
        + ["HEAD", "OPTIONS", "PATCH", "POST", "PUT", "CONNECT", "TRACE"].map {
            Exchange($0, port, "", .unknown)
        }
        + ["PUT", "DELETE"].map { Exchange($0, "/port", "", .unknown) }
        + ["/syncports/", "/vm/", "/vm-cfg/a", "/enable-port/\(Sample.vmi)"].map {
            Exchange("POST", $0, "", .unknown)
        }

    @Test("Targets that are known", arguments: known)
    func knownTarget(_ test: Exchange) throws { try test.check(StandIn()) }

    @Test("Everything else is an unknown request, also for HEAD with a body", arguments: unknown)
    func unknownTarget(_ test: Exchange) throws { try test.check(StandIn()) }

    @Test("A byte above ASCII in the target is never answered")
    func rawByte() throws {
        try Exchange("raw", bytes: Bytes("GET /vm-cfg/") + [0xc3, 0xa9] + Bytes(" HTTP/1.1\r\n\r\n"), nil)
            .check(StandIn())
    }

    @Test(
        "Without its handler every known request fails in the same way",
        arguments: [
            ("POST", "/port"), ("GET", port), ("DELETE", port), ("POST", "/syncports"), ("POST", "/vm"),
            ("GET", "/vm/\(Sample.vm)"), ("DELETE", "/vm/\(Sample.vm)"), ("GET", "/vm-cfg/x"),
            ("POST", "/gateway"),
            ("DELETE", "/gateway"), ("PUT", "/enable-port/\(Sample.vmi)"),
        ]
    )
    func withoutHandler(_ method: String, _ path: String) throws {
        var configuration = Configuration.sample()
        configuration.switches.handlerMissing = true
        let standIn = try StandIn(configuration)
        #expect(try standIn.request(method, path) == .error("{ Operation Not Supported }"))
        #expect(try standIn.request("GET", "/x") == .unknown)
    }
}
