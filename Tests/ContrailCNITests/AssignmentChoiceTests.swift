// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
import Testing
import VRouter

@testable import ContrailCNI

@Suite struct AssignmentChoiceTests {
    /// Assignments with these indices, like "0/2"; "" is one without.
    private func assignments(_ indices: [String]) throws -> [PortAssignment] {
        try indices.enumerated().map { number, index in
            try Example.assignment(number, annotations: index.isEmpty ? [] : ["index:\(index)"])
        }
    }

    private func choose(
        _ assignments: [PortAssignment],
        _ network: String,
        _ interface: String,
        _ change: (inout AssignmentChoice.Wishes) -> Void = { _ in }
    ) throws -> PortAssignment {
        var wishes = AssignmentChoice.Wishes(interface: interface, configurationName: network)
        change(&wishes)
        return try AssignmentChoice.choose(assignments, wishes)
    }

    @Test(arguments: [
        (["0/1"], true), (["0/2", "1/2"], true), (["1/2", "0/2"], true), (["2/3", "0/3", "1/3"], true),
        ([""], true),
        (["", ""], true), (["0/1", ""], true), ([], false), (["0/2"], false), (["1/2"], false),
        (["0/2", ""], false),
        (["0/2", "0/2"], false), (["0/3", "2/3"], false), (["0/2", "1/2", "0/3"], false),
        (["0/1", "1/2"], true),
    ])
    func `a pod is complete when every place up to the largest total is taken`(
        indices: [String],
        isComplete: Bool
    ) throws {
        #expect(AssignmentChoice.isComplete(try assignments(indices)) == isComplete)
    }

    @Test func `sub-interfaces come after the others, the first of which carries them`() throws {
        let list = [
            try Example.assignment(1, annotations: ["index:0/4"], vlan: 7),
            try Example.assignment(2, annotations: ["index:3/4"]),
            try Example.assignment(3, annotations: ["index:2/4"], vlan: 5),
            try Example.assignment(4, annotations: ["index:1/4"]),
        ]
        #expect(AssignmentChoice.inOrder(list).map { $0.index?.place } == [1, 3, 0, 2])
        #expect(AssignmentChoice.carrier(of: list)?.index?.place == 1)
        #expect(AssignmentChoice.carrier(of: [list[0], list[2]]) == nil)
    }

    @Test func `the network's name goes before the interface, which goes before the index`() throws {
        let byIndex = try Example.assignment(1, annotations: ["index:1/3", "network:a"])
        let byInterface = try Example.assignment(
            2,
            annotations: ["index:0/3", "network:b", "interface:eth1"]
        )
        let byNetwork = try Example.assignment(3, annotations: ["index:2/3", "network:net"])
        let all = [byIndex, byInterface, byNetwork]
        #expect(try choose(all, "net", "eth1") == byNetwork)
        #expect(
            try choose([byIndex, byInterface], "net", "eth1")
                == byInterface
        )
        #expect(try choose(all, "none", "eth1") == byInterface)
        #expect(try choose(all, "none", "eth2") == byNetwork)
        #expect(
            try choose([byIndex, byNetwork], "none", "eth1") == byIndex
        )
    }

    @Test func `the only assignment is for any interface`() throws {
        let only = try Example.assignment(1)
        #expect(try choose([only], "none", "net7") == only)
    }

    @Test func `no choice is an error that lists the networks`() throws {
        let all = [
            try Example.assignment(1, annotations: ["index:0/2", "network:a"]), try Example.assignment(2),
        ]
        let error = #expect(throws: CNIError.self) {
            _ = try choose(all, "none", "net7")
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("network \"none\" or interface net7") == true)
        #expect(error?.details == "networks: a, default-domain:k8s-default:net")
        #expect(throws: CNIError.self) {
            _ = try choose([], "a", "eth0")
        }
    }

    @Test func `a UUID, a MAC address or a network that was asked for goes before all names`() throws {
        let first = try Example.assignment(1, annotations: ["index:0/2", "network:net"])
        let second = try Example.assignment(2, annotations: ["index:1/2", "network:other"])
        let all = [first, second]
        #expect(try choose(all, "net", "eth0") { $0.vmi = second.vmi } == second)
        #expect(try choose(all, "net", "eth0") { $0.network = "other" } == second)
        #expect(try choose(all, "x", "y") { $0.network = "default-domain:k8s-default:net" } == first)
        #expect(try choose([second], "x", "y") { $0.mac = second.mac } == second)
        for change: (inout AssignmentChoice.Wishes) -> Void in [
            { $0.vmi = UUID("00000000-0000-0000-0000-000000000009") },
            { $0.mac = MACAddress("02:00:00:00:00:09") }, { $0.network = "none" },
        ] {
            #expect(throws: CNIError.self) { _ = try choose(all, "net", "eth0", change) }
        }
    }

    @Test func `two interfaces on one network go to two names`() throws {
        let all = [
            try Example.assignment(1, annotations: ["index:0/3", "network:default"]),
            try Example.assignment(2, annotations: ["index:2/3", "network:a"]),
            try Example.assignment(3, annotations: ["index:1/3", "network:a"]),
        ]
        let first = try choose(all, "a", "net1")
        #expect(first == all[2])
        #expect(try choose(all, "a", "net2") { $0.taken = [first.vmi] } == all[1])
        #expect(throws: CNIError.self) {
            _ = try choose(all, "a", "net3") { $0.taken = [first.vmi, all[1].vmi] }
        }
    }
}
