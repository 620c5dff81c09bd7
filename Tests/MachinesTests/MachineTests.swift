// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import DomainXML
import JSON
import NetworkTypes
import RuntimeConfiguration
import TestSupport
import Testing

@testable import Machines

@Suite struct MachineTests {
    private func machine() throws -> Machine {
        Machine(
            name: "web",
            uuid: try present(UUID("4a1c9a0e-5f6b-4f0e-9d0a-0123456789ab")),
            user: Domain.User(uid: 64_100, gid: 108),
            sandbox: Sandbox(
                containerID: try present(ContainerID("vmctl-web-4a1c9a0e")),
                namespace: "/run/netns/x",
                networks: [
                    SandboxNetwork(interface: try present(InterfaceName("eth0")), list: #"{"name":"a"}"#),
                    SandboxNetwork(
                        interface: try present(InterfaceName("eth1")),
                        list: "",
                        result: .object(JSONObject([("cniVersion", .string("1.1.0"))]))
                    ),
                ],
                podNamespace: "default",
                podName: "web"
            ),
            image: Image(path: "/i.qcow2", format: .qcow2),
            memoryMiB: 512,
            vcpus: 2,
            board: .q35,
            accelerator: .tcg,
            wasStarted: true
        )
    }

    @Test func `what was written is read again`() throws {
        let machine = try machine()
        #expect(try Machine(json: JSONValue(parsing: machine.json.serialized())) == machine)
    }

    /// A file in there is never changed, only added.
    @Test func `a description of every schema is read`() throws {
        let golden = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let text = try #require(TestFile.read("/\(golden)/Golden/machine-schema-1.json"))
        #expect(try Machine(json: JSONValue(parsing: Array(text.utf8))) == machine())
    }

    @Test func `a description that was cut off anywhere is refused`() throws {
        let bytes = try machine().json.serialized()
        for length in 0..<bytes.count {
            #expect(throws: JSONError.self) { try Machine(json: JSONValue(parsing: Array(bytes[..<length]))) }
        }
    }

    @Test func `another schema is refused`() throws {
        guard case .object(var object) = try machine().json else { throw Absent() }
        object["schema"] = .integer(2)
        #expect(throws: JSONError.self) { try Machine(json: .object(object)) }
    }

    @Test(arguments: ["a", "web-1", "0", String(repeating: "x", count: 63)])
    func `a host name names a machine`(name: String) { #expect(Machine.isName(name)) }

    @Test(arguments: ["", "-a", "a-", "A", "a.b", "a/b", "..", "ä", "a b", String(repeating: "x", count: 64)])
    func `nothing else names a machine`(name: String) { #expect(!Machine.isName(name)) }

    @Test func `users are taken from the range's begin, and end with it`() throws {
        let range = try present(UserRange("64100-64101"))
        #expect(range.free(besides: []) == 64_100)
        #expect(range.free(besides: [64_100]) == 64_101)
        #expect(range.free(besides: [64_100, 64_101]) == nil)
    }

    @Test
    func `vmctl's machines and vm-runtime's pods never share a user, nor one of systemd's or useradd's`()
        throws
    {
        let configuration = RuntimeConfiguration()
        let first = configuration.firstEmulatorUser
        let pods = first...(first + configuration.emulatorUserCount - 1)
        let machines = Int(UserRange.standard.first)...Int(UserRange.standard.last)
        // Debian's and systemd's end at 65535; useradd(8) gives user namespaces ids from 100000.
        let free = 65_536...99_999
        for range in [pods, machines] { #expect(range.clamped(to: free) == range, "\(range)") }
        #expect(!pods.overlaps(machines))
    }

    @Test(arguments: ["", "5", "0-5", "999-2000", "5000-4000", "1000-4000000000", "a-b", "1000-2000-3000"])
    func `a range that is none is refused`(text: String) { #expect(UserRange(text) == nil) }
}
