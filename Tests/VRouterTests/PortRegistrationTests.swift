// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@testable import VRouter

@Suite struct PortRegistrationTests {
    static func example(containerID: String = "cid", vmName: String = "k8s__ns__p") throws -> PortRegistration
    {
        PortRegistration(
            vm: try #require(UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11")),
            vn: try #require(UUID("5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001")),
            vmi: try #require(UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002")),
            vmName: vmName,
            containerID: containerID,
            hostInterface: try #require(InterfaceName("tap1")),
            containerInterface: "eth0",
            namespace: "/proc/1/ns/net"
        )
    }

    static let text =
        #"{"vm-uuid":"b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11","vn-uuid":"5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001","#
        + #""vmi-uuid":"7c1e0b52-3a90-11ee-9c41-0242ac110002","vm-id":"cid","vm-name":"k8s__ns__p","#
        + #""host-ifname":"tap1","vm-ifname":"eth0","vm-namespace":"/proc/1/ns/net"}"#

    /// The keys and their order are those of the agent's own file; `author` and `time` are the agent's to write.
    @Test func `the body of POST /vm has the agent's keys`() throws {
        #expect(String(decoding: try Self.example().json.serialized(), as: UTF8.self) == Self.text)
    }

    @Test func `an object, never an array, is sent: the agent takes an array for an error`() throws {
        #expect(try Self.example().json.object != nil)
    }
}
