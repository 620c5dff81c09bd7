// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@testable import CNIProtocol

@Suite struct CNIRequestTests {
    private let complete = [
        "CNI_CONTAINERID": "c0ffee", "CNI_NETNS": "/var/run/netns/x", "CNI_IFNAME": "eth0",
        "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
    ]

    private func request(
        _ command: CNIRequest.Command,
        _ variables: [String: String]
    ) throws -> CNIRequest {
        try CNIRequest(
            command,
            environment: CNIEnvironment { variables[$0] },
            configuration: CNIConfiguration(Array(#"{"cniVersion":"1.1.0","name":"net"}"#.utf8))
        )
    }

    private func error(_ command: CNIRequest.Command, _ variables: [String: String]) -> CNIError? {
        #expect(throws: CNIError.self) { _ = try request(command, variables) }
    }

    @Test func `a complete environment is taken`() throws {
        let request = try request(.add, complete)
        #expect(request.command == .add)
        #expect(request.containerID.text == "c0ffee")
        #expect(request.interface.text == "eth0")
        #expect(request.namespace == "/var/run/netns/x")
        #expect(request.arguments.map(\.key) == ["IgnoreUnknown", "K8S_POD_NAMESPACE", "K8S_POD_NAME"])
        #expect(request.argument("K8S_POD_NAME") == "web")
        #expect(request.argument("K8S_POD_UID") == nil)
        #expect(request.configuration.name == "net")
    }

    @Test func `all that is missing is named in one error with code 4`() {
        let add = error(.add, [:])
        #expect(add?.code == .invalidEnvironment)
        #expect(add?.message == "missing in the environment: CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME")
        let delete = error(.delete, ["CNI_CONTAINERID": "", "CNI_IFNAME": ""])
        #expect(delete?.code == .invalidEnvironment)
        #expect(delete?.message == "missing in the environment: CNI_CONTAINERID, CNI_IFNAME")
    }

    @Test(arguments: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"])
    func `each that is missing is named alone`(name: String) {
        var variables = complete
        variables[name] = nil
        #expect(error(.add, variables)?.message == "missing in the environment: \(name)")
    }

    @Test(arguments: ["", nil])
    func `DEL needs no namespace: it may be gone`(namespace: String?) throws {
        var variables = complete
        variables["CNI_NETNS"] = namespace
        #expect(try request(.delete, variables).namespace == nil)
    }

    @Test(arguments: [
        ("CNI_CONTAINERID", "../x"), ("CNI_CONTAINERID", ".x"), ("CNI_CONTAINERID", "-x"),
        ("CNI_CONTAINERID", "a/b"),
        ("CNI_CONTAINERID", "a b"), ("CNI_CONTAINERID", "\u{e4}"), ("CNI_CONTAINERID", "a\n"),
        ("CNI_CONTAINERID", String(repeating: "c", count: 201)), ("CNI_IFNAME", "."), ("CNI_IFNAME", ".."),
        ("CNI_IFNAME", "a/b"), ("CNI_IFNAME", "a:b"), ("CNI_IFNAME", "a b"),
        ("CNI_IFNAME", "0123456789abcdef"),
        ("CNI_IFNAME", "eth%d"), ("CNI_NETNS", "netns/x"), ("CNI_NETNS", "x"), ("CNI_ARGS", "K8S_POD_NAME"),
        ("CNI_ARGS", "=web"), ("CNI_ARGS", "a=b;c"), ("CNI_ARGS", "a=b; "), ("CNI_ARGS", "a=b;=c"),
    ])
    func `a wrong value has code 4 and names the variable`(name: String, value: String) {
        var variables = complete
        variables[name] = value
        for command in [CNIRequest.Command.add, .delete] {
            let error = error(command, variables)
            #expect(error?.code == .invalidEnvironment)
            #expect(error?.message.hasPrefix(name) == true)
        }
    }

    @Test(arguments: [
        ("", []), (";", []), (";;a=b;", ["a=b"]), ("a=", ["a="]), ("a=b=c", ["a=b=c"]), ("a==", ["a=="]),
        ("b=1;a=2;b=3", ["b=1", "a=2", "b=3"]), ("a= b ", ["a= b "]), ("\u{e4}=\u{f6}", ["\u{e4}=\u{f6}"]),
    ])
    func `pairs are divided at ';' and the first '='`(text: String, pairs: [String]) throws {
        #expect(try CNIRequest.arguments(text).map { "\($0.key)=\($0.value)" } == pairs)
    }

    @Test func `an empty value counts as none, and the first of equal keys with a value is taken`() throws {
        var variables = complete
        variables["CNI_ARGS"] = "K8S_POD_UID=;K8S_POD_NAME=;K8S_POD_NAME=web;K8S_POD_NAME=db"
        let request = try request(.add, variables)
        #expect(request.argument("K8S_POD_UID") == nil)
        #expect(request.argument("K8S_POD_NAME") == "web")
    }

    @Test func `a key that only looks the same is another`() throws {
        var variables = complete
        variables["CNI_ARGS"] = "\u{212A}8S_POD_NAME=db;K8S_POD_NAME=web"
        #expect(try request(.add, variables).argument("K8S_POD_NAME") == "web")
    }

    @Test func `the process's own environment is the default`() {
        #expect(CNIEnvironment()["PATH"]?.isEmpty == false)
        #expect(CNIEnvironment()["CNI_NO_SUCH_VARIABLE"] == nil)
    }
}

@Suite struct ContainerIDTests {
    @Test(arguments: ["a", "0", "A_.-", "9b2f7f0c4f4d8a2e6b1d3c5a7e9f0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f70"])
    func `ids as CNI allows them are taken`(text: String) {
        #expect(ContainerID(text)?.text == text)
    }

    @Test(arguments: ["", "_", ".", "-a", "..", "a/", "a\\b", "a\0", "\u{e4}", "a;b"])
    func `anything else is refused`(text: String) {
        #expect(ContainerID(text) == nil)
    }

    @Test func `an id has at most 200 bytes`() {
        #expect(ContainerID(String(repeating: "a", count: 200)) != nil)
        #expect(ContainerID(String(repeating: "a", count: 201)) == nil)
    }
}

@Suite struct CNIVersionTests {
    @Test func `versions are ordered as they came`() {
        #expect(CNIVersion.allCases == CNIVersion.allCases.sorted())
        #expect(
            CNIVersion.allCases.map(\.rawValue) == [
                "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0",
            ]
        )
        #expect(CNIVersion.newest == CNIVersion.allCases.last)
    }
}
