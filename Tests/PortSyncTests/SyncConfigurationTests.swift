// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PortSync

@Suite struct SyncConfigurationTests {
    private func parse(_ text: String) throws -> SyncConfiguration {
        try SyncConfiguration.parse(Array(text.utf8), "test.json")
    }

    @Test func `an empty object is all defaults`() throws {
        let configuration = try parse("{}")
        #expect(configuration.agent.text == "127.0.0.1:9091")
        #expect(configuration.configFolder == "/var/lib/contrail/ports/vm")
        #expect(configuration.portFolder == "/var/lib/contrail/ports")
        #expect(configuration.runFolder.path == "/run/contrail-vm")
        #expect(configuration.stateFolder == "/var/lib/contrail-vm")
        #expect(configuration.clusterName == "k8s")
        #expect(configuration.interval == 20_000_000)
        #expect(configuration.metrics?.text == "127.0.0.1:9812")
        #expect(configuration.logLevel == .info)
    }

    @Test func `every key is read`() throws {
        let configuration = try parse(
            """
            {"vrouter-ip": "::1", "vrouter-port": 9092, "config-dir": "/a/vm", "run-dir": "/b", "state-dir": "/c",
             "cluster-name": "blue", "interval": 5, "metrics": "[::1]:1", "log-level": "debug"}
            """
        )
        #expect(configuration.agent.text == "[::1]:9092")
        #expect(configuration.portFolder == "/a")
        #expect(configuration.store.folder == "/b/interfaces")
        #expect(configuration.owed.folder == "/c/owed")
        #expect(configuration.clusterName == "blue")
        #expect(configuration.interval == 5_000_000)
        #expect(configuration.metrics?.text == "[::1]:1")
        #expect(configuration.logLevel == .debug)
        #expect(try parse(#"{"metrics": ""}"#).metrics == nil)
    }

    @Test(arguments: [
        (#"{"intervall": 5}"#, "field \"intervall\": is unknown"),
        (#"{"interval": 0}"#, "field \"interval\""), (#"{"interval": "5"}"#, "field \"interval\""),
        (#"{"interval": 5, "interval": 6}"#, "appears twice"),
        (#"{"vrouter-ip": "localhost"}"#, "field \"vrouter-ip\""),
        (#"{"vrouter-port": 70000}"#, "field \"vrouter-port\""),
        (#"{"config-dir": "ports"}"#, "field \"config-dir\""),
        (#"{"run-dir": "/run/"}"#, "field \"run-dir\""),
        (#"{"state-dir": "/"}"#, "field \"state-dir\""), (#"{"state-dir": 7}"#, "field \"state-dir\""),
        (#"{"cluster-name": "a/b"}"#, "field \"cluster-name\""),
        (#"{"metrics": "127.0.0.1"}"#, "field \"metrics\""),
        (#"{"metrics": "0.0.0.0:9812"}"#, "not a loopback address"),
        (#"{"metrics": false}"#, "field \"metrics\""),
        (#"{"log-level": "loud"}"#, "field \"log-level\""), ("[]", "expected an object"),
        ("{", "not valid JSON"), ("", "not valid JSON"),
    ])
    func `what is wrong is one error that names it`(text: String, part: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        #expect(error.message.hasPrefix("configuration test.json: "))
        #expect(error.message.contains(part), "\(error.message)")
    }

    @Test func `only a file that was named must be there`() throws {
        let usual = try SyncConfiguration.load(.init(path: "/nonexistent/x.json", mustExist: false))
        #expect(try usual == parse("{}"))
        let error = try #require(throws: ConfigurationError.self) {
            try SyncConfiguration.load(.init(path: "/nonexistent/x.json", mustExist: true))
        }
        #expect(error.message.contains("/nonexistent/x.json"))
    }

    @Test func `the shipped file is the defaults`() throws {
        let path = Repository.path("conf/port-sync.json")
        #expect(try SyncConfiguration.load(.init(path: path, mustExist: true)) == parse("{}"))
    }

    @Test func `arguments are read, and wrong ones refused`() throws {
        #expect(try Options([]).command == .serve)
        #expect(try Options([]).file == .init(path: "/etc/contrail-vm/port-sync.json", mustExist: false))
        let once = try Options(["--config", "/a", "--once"])
        #expect(once.command == .once && once.file == .init(path: "/a", mustExist: true))
        #expect(try Options(["--check-config"]).command == .check)
        #expect(try Options(["--version"]).command == .version)
        #expect(try Options(["--help", "--nonsense"]).command == .help)
        for wrong in [["--config"], ["--config", ""], ["once"], ["--once=1"]] {
            #expect(throws: ConfigurationError.self) { try Options(wrong) }
        }
    }
}

/// Files of this repository.
enum Repository {
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(name).path
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }
}
