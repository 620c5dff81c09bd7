// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
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

    @Test func `the network's name goes before the interface, which goes before the index`() throws {
        let byIndex = try Example.assignment(1, annotations: ["index:1/3", "network:a"])
        let byInterface = try Example.assignment(
            2,
            annotations: ["index:0/3", "network:b", "interface:eth1"]
        )
        let byNetwork = try Example.assignment(3, annotations: ["index:2/3", "network:net"])
        let all = [byIndex, byInterface, byNetwork]
        #expect(try AssignmentChoice.choose(all, network: "net", interface: "eth1") == byNetwork)
        #expect(
            try AssignmentChoice.choose([byIndex, byInterface], network: "net", interface: "eth1")
                == byInterface
        )
        #expect(try AssignmentChoice.choose(all, network: "none", interface: "eth1") == byInterface)
        #expect(try AssignmentChoice.choose(all, network: "none", interface: "eth2") == byNetwork)
        #expect(
            try AssignmentChoice.choose([byIndex, byNetwork], network: "none", interface: "eth1") == byIndex
        )
    }

    @Test func `the only assignment is for any interface`() throws {
        let only = try Example.assignment(1)
        #expect(try AssignmentChoice.choose([only], network: "none", interface: "net7") == only)
    }

    @Test func `no choice is an error that lists the networks`() throws {
        let all = [
            try Example.assignment(1, annotations: ["index:0/2", "network:a"]), try Example.assignment(2),
        ]
        let error = #expect(throws: CNIError.self) {
            _ = try AssignmentChoice.choose(all, network: "none", interface: "net7")
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("network \"none\" or interface net7") == true)
        #expect(error?.details == "networks: a, default-domain:k8s-default:net")
        #expect(throws: CNIError.self) {
            _ = try AssignmentChoice.choose([], network: "a", interface: "eth0")
        }
    }
}
