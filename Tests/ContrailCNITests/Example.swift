// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import Testing

@testable import CNIProtocol
@testable import VRouter

/// Requests and answers of the agent that the suites share.
enum Example {
    static let podArguments = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web"

    static func configuration(contrail: String = "{}") throws -> CNIConfiguration {
        try CNIConfiguration(
            Array(
                #"{"cniVersion":"1.1.0","name":"k8s-pod-network","type":"contrail-cni","contrail":\#(contrail)}"#
                    .utf8
            )
        )
    }

    static func request(arguments: String = podArguments, interface: String = "eth0") throws -> CNIRequest {
        let variables = [
            "CNI_CONTAINERID": "c0ffee", "CNI_IFNAME": interface, "CNI_NETNS": "/run/netns/x",
            "CNI_ARGS": arguments,
        ]
        return try CNIRequest(
            .add,
            environment: CNIEnvironment { variables[$0] },
            configuration: configuration()
        )
    }

    /// An assignment as the agent tells it; the last digit of the interface's UUID is its number.
    static func assignment(
        _ number: Int,
        annotations: [String] = [],
        vlan: Int = 65_535
    ) throws -> PortAssignment {
        let list = try PortAssignment.list(
            Array(
                (#"{"id":"7c1e0b52-3a90-11ee-9c41-0242ac11000\#(number)","vm-uuid":"b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11","#
                    + #""vn-id":"5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001","vn-name":"default-domain:k8s-default:net","#
                    + #""mac-address":"02:7c:1e:0b:52:3a","vlan-id":\#(vlan),"annotations":[\#(annotations.map { "\"{\($0)}\"" }.joined(separator: ","))]}"#)
                    .utf8
            )
        )
        return try #require(list.first)
    }

    /// A plugged port with these further fields.
    static func state(_ fields: String) throws -> PortState {
        let list = try PortState.list(
            Array(
                (#"{"id":"7c1e0b52-3a90-11ee-9c41-0242ac110002","system-name":"tapab5768a3452","#
                    + #""mac-address":"02:7c:1e:0b:52:3a"\#(fields)}"#).utf8
            )
        )
        return try #require(list.first)
    }
}
