// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

@Suite struct ConfigurationTests {
    @Test("The file that is shipped can be read")
    func shipped() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let configuration = try Configuration(file: "/\(root)/conf/vrouter-sim.json")
        #expect(configuration.port == 9091 && configuration.autoProvision && configuration.dataPlane)
        #expect(configuration.networks.map(\.shortName) == ["k8s-default-pod-network", "net-a"])
        let pod = try #require(configuration.pods.first)
        #expect(pod.machine.name == Bytes("k8s__default__two-networks"))
        let annotations = pod.interfaces.map { $0.annotations.map { "\($0.key.text):\($0.value.text)" } }
        #expect(annotations[0].suffix(2) == ["index:0/2", "network:default"])
        #expect(annotations[1].suffix(3) == ["index:1/2", "network:net-a", "interface:net1"])
    }

    @Test(
        "What is wrong is named by its key",
        arguments: [
            ("{", "is not JSON"), ("[]", "must be an object"), ("{\"x\": 1}", "x: unknown key"),
            ("{\"pods\": [], \"pods\": []}", "pods: given twice"),
            ("{\"listen\": {\"port\": 70000}}", "listen.port: must be a number from 0 to 65535"),
            ("{\"listen\": {\"address\": \"::1\"}}", "listen.address: is not an IPv4 address"),
            ("{\"networks\": [{\"name\": \"n\"}]}", "networks[0].uuid: is missing"),
            ("{\"networks\": [{\"uuid\": \"X\"}]}", "networks[0].uuid: X is not a UUID in lower case"),
            ("{\"networks\": [{\"vlan\": 1}]}", "networks[0].vlan: unknown key"),
            (
                "{\"networks\": [{\"uuid\": \"\(Sample.vn)\", \"name\": \"n\", \"v4\": {\"subnet\": \"fd00::/64\"}}]}",
                "networks[0].v4.subnet: is not a prefix of this family"
            ),
            ("{\"pods\": [{\"name\": \"p\"}]}", "pods[0].uuid: is missing"),
            (
                "{\"pods\": [{\"name\": \"p\", \"uuid\": \"\(Sample.vm)\", \"interfaces\": [{\"network\": \"n\"}]}]}",
                "pods[0].interfaces[0].network: no network is called n"
            ),
            ("{\"switches\": {\"x\": true}}", "switches.x: unknown key"),
            ("{\"faults\": [{\"kind\": \"x\"}]}", "faults[0].kind: x is not a kind of fault"),
            ("{\"autoProvision\": true}", "autoProvision: needs a network"),
            ("{\"defaultNetwork\": \"n\"}", "defaultNetwork: no network is called n"),
            ("{\"platform\": \"nic\"}", "platform: must be kernel or dpdk"),
        ]
    )
    func wrong(_ text: String, _ message: String) {
        let error = #expect(throws: ConfigurationError.self) { try Configuration(json: Bytes(text)) }
        #expect(error?.description == message)
    }

    @Test("Every switch can be set by its name")
    func switches() throws {
        for (name, path) in Switches.names {
            let configuration = try Configuration(json: Bytes("{\"switches\": {\"\(name)\": true}}"))
            #expect(configuration.switches[keyPath: path])
        }
    }
}
