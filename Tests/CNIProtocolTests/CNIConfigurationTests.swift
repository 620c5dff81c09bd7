// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import CNIProtocol

@Suite struct CNIConfigurationTests {
    private func configuration(_ text: String) throws -> CNIConfiguration {
        try CNIConfiguration(Array(text.utf8))
    }

    @Test(arguments: CNIVersion.allCases)
    func `each version is read`(version: CNIVersion) throws {
        let configuration = try configuration(
            #"{"cniVersion":"\#(version.rawValue)","name":"net","type":"contrail-cni"}"#
        )
        #expect(configuration.version == version)
        #expect(configuration.name == "net")
        #expect(try configuration.fields.string("type") == "contrail-cni")
        #expect(configuration.previous == nil)
        #expect(configuration.runtimeConfig == nil)
    }

    @Test(arguments: [
        #"{"name":"net"}"#, #"{"cniVersion":"","name":"net"}"#, #"{"cniVersion":null,"name":"net"}"#,
    ])
    func `a blank or absent version means 0.1.0`(text: String) throws {
        #expect(try configuration(text).version == .v010)
    }

    @Test(arguments: ["0.0.1", "0.5.0", "1.0", "1.2.0", "2.0.0", "v1.0.0", " 1.0.0", "1.1.0 ", "x"])
    func `an unknown version has code 1 and tells those that are spoken`(version: String) throws {
        let error = #expect(throws: CNIError.self) {
            _ = try configuration(#"{"cniVersion":"\#(version)","name":"net"}"#)
        }
        #expect(error?.code == .incompatibleVersion)
        #expect(error?.message.contains("\"cniVersion\": \(version)") == true)
        #expect(error?.details == "spoken are 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0")
    }

    @Test(arguments: [
        "", "{", "[]", "null", "5", "\"x\"", "{\"name\":\"net\"} x", "{\"name\":\"net\",}", "\u{feff}{}",
    ])
    func `what is no JSON object has code 6`(text: String) {
        let error = #expect(throws: CNIError.self) { _ = try configuration(text) }
        #expect(error?.code == .decoding)
    }

    @Test(arguments: [
        (#"{"cniVersion":5,"name":"net"}"#, "cniVersion"), (#"{"cniVersion":"1.0.0"}"#, "name"),
        (#"{"name":null}"#, "name"), (#"{"name":5}"#, "name"), (#"{"name":""}"#, "name"),
        (#"{"name":"../x"}"#, "name"),
        (#"{"name":".x"}"#, "name"), (#"{"name":"a/b"}"#, "name"), (#"{"name":"a b"}"#, "name"),
        (#"{"name":"\u00e4"}"#, "name"), (#"{"name":"a\u0000"}"#, "name"),
        (#"{"name":"net","prevResult":5}"#, "prevResult"), (#"{"name":"net","prevResult":[]}"#, "prevResult"),
        (#"{"name":"net","prevResult":{"interfaces":{}}}"#, "prevResult.interfaces"),
        (#"{"name":"net","prevResult":{"interfaces":[5]}}"#, "prevResult.interfaces[0]"),
        (#"{"name":"net","prevResult":{"interfaces":[{"name":"a"},{}]}}"#, "prevResult.interfaces[1].name"),
        (
            #"{"name":"net","prevResult":{"interfaces":[{"name":"a","mac":"x"}]}}"#,
            "prevResult.interfaces[0].mac"
        ),
        (
            #"{"name":"net","prevResult":{"interfaces":[{"name":"a","mtu":-1}]}}"#,
            "prevResult.interfaces[0].mtu"
        ),
        (#"{"name":"net","prevResult":{"ips":[{}]}}"#, "prevResult.ips[0].address"),
        (#"{"name":"net","prevResult":{"ips":[{"address":"10.0.0.1"}]}}"#, "prevResult.ips[0].address"),
        (
            #"{"name":"net","prevResult":{"ips":[{"address":"10.0.0.1/8","gateway":"x"}]}}"#,
            "prevResult.ips[0].gateway"
        ),
        (
            #"{"name":"net","prevResult":{"ips":[{"address":"10.0.0.1/8","interface":-1}]}}"#,
            "prevResult.ips[0].interface"
        ),
        (#"{"name":"net","prevResult":{"routes":[{"dst":"x"}]}}"#, "prevResult.routes[0].dst"),
        (#"{"name":"net","prevResult":{"routes":[{"dst":"::/0","gw":5}]}}"#, "prevResult.routes[0].gw"),
        (#"{"name":"net","prevResult":{"dns":{"nameservers":["x"]}}}"#, "prevResult.dns.nameservers"),
        (#"{"name":"net","prevResult":{"dns":{"search":[5]}}}"#, "prevResult.dns.search"),
        (#"{"name":"net","prevResult":{"dns":{"options":"x"}}}"#, "prevResult.dns.options"),
        (#"{"name":"net","runtimeConfig":5}"#, "runtimeConfig"),
    ])
    func `a wrong field has code 7 and is named`(text: String, field: String) {
        let error = #expect(throws: CNIError.self) { _ = try configuration(text) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("field \"\(field)\":") == true, "\(error?.message ?? "")")
    }

    @Test func `a network's name has letters, digits, '_', '.', '-', and at most 200 bytes`() throws {
        for name in ["a", "0", "k8s-pod_network.1", String(repeating: "n", count: 200)] {
            #expect(try configuration("{\"name\":\"\(name)\"}").name == name)
        }
        let long = String(repeating: "n", count: 201)
        #expect(throws: CNIError.self) { _ = try configuration("{\"name\":\"\(long)\"}") }
    }

    @Test(arguments: [
        ("", CNIVersion.v110, ""), ("{", .v110, ""), ("[]", .v110, ""),
        (#"{"name":5,"cniVersion":[]}"#, .v110, ""),
        (#"{"name":"n","cniVersion":"1.0.0","prevResult":5,"runtimeConfig":5}"#, .v100, "n"),
        (#"{"name":"n","cniVersion":"9.9"}"#, .v110, "n"),
    ])
    func `an undo's configuration is read as far as it can be`(
        text: String,
        version: CNIVersion,
        name: String
    ) {
        let configuration = CNIConfiguration(ofUndo: Array(text.utf8))
        #expect(configuration.version == version && configuration.name == name)
        #expect(configuration.previous == nil && configuration.runtimeConfig == nil)
        #expect(configuration.isOfUndo)
    }

    @Test func `the runtime's config is handed on`() throws {
        let runtime = try configuration(#"{"name":"net","runtimeConfig":{"vmInterface":{"queues":4}}}"#)
            .runtimeConfig
        #expect(try runtime?.optionalFields("vmInterface")?.optionalInteger("queues", in: 1...256) == 4)
    }
}
