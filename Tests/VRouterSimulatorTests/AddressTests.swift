// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

@Suite struct AddressTests {
    private func addressing(_ subnet: String) throws -> VirtualNetwork.Addressing {
        let subnet = try #require(Subnet(subnet))
        let gateway = try #require(subnet.address(at: 1))
        return VirtualNetwork.Addressing(subnet: subnet, gateway: gateway, dns: gateway)
    }

    @Test("A pool gives each address once, but not the gateway's, and none when it is full")
    func pool() throws {
        var pool = AddressPool(try addressing("10.0.0.248/29"))
        let given = (0..<5).map { _ in pool.take().map { IPv4(bytes: $0).text } }
        #expect(given == ["10.0.0.250", "10.0.0.251", "10.0.0.252", "10.0.0.253", "10.0.0.254"])
        #expect(pool.take() == nil)
        pool.release([10, 0, 0, 252])
        #expect(pool.take() == [10, 0, 0, 252])
    }

    @Test("An address that was given back comes again last")
    func reuse() throws {
        var pool = AddressPool(try addressing("10.0.0.248/29"))
        let taken = pool.take()
        let first = try #require(taken)
        pool.release(first)
        #expect(pool.take() != first)
    }

    @Test(
        "Prefixes and what lies in them",
        arguments: [
            ("10.32.0.0/12", "10.47.255.255", true), ("10.32.0.0/12", "10.48.0.0", false),
            ("0.0.0.0/0", "1.2.3.4", true), ("fd00:47::/64", "fd00:47::ffff", true),
            ("fd00:47::/64", "fd00:47:0:1::", false), ("10.0.0.0/8", "fd00::", false),
        ]
    )
    func subnets(_ prefix: String, _ address: String, _ contains: Bool) throws {
        let subnet = try #require(Subnet(prefix))
        let bytes = try #require(IPv4(Bytes(address))?.bytes ?? IPv6(Bytes(address))?.bytes)
        #expect(subnet.contains(bytes) == contains)
        #expect(subnet.text == prefix)
    }

    @Test(
        "What is not a prefix",
        arguments: ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "fd00::/129"]
    )
    func noPrefix(_ text: String) {
        #expect(Subnet(text) == nil)
    }

    @Test("Five thousand pods have UUIDs, MACs and addresses of their own")
    func provisioner() throws {
        let network = VirtualNetwork(
            id: AgentUUID(high: 1, low: 1),
            name: "n",
            v4: try addressing("10.32.0.0/12"),
            v6: try addressing("fd00:47::/64"),
            domain: ""
        )
        var provisioner = Provisioner(network: network)
        var seen: Set<String> = []
        for number in 0..<5000 {
            let provisioned = provisioner.provision(name: Bytes("k8s__ns__p\(number)"))
            let (machine, interface) = try #require(provisioned)
            seen.formUnion([
                machine.id.text, interface.id.text, interface.mac.text, interface.v4?.text ?? "",
                interface.v6?.text ?? "",
            ])
        }
        #expect(seen.count == 25_000)
    }

    @Test("Names of bridges differ and are 15 bytes")
    func bridges() {
        let names = Set((0..<1000).map { BridgeName.of(AgentUUID(high: 0, low: $0)) })
        #expect(names.count == 1000 && names.allSatisfy { $0.utf8.count == 15 })
    }
}
