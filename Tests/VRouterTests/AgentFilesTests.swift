// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import NetworkTypes
import TestSupport
import Testing

@testable import VRouter

@Suite struct AgentFilesTests {
    private let folder = TemporaryFolder()
    private var files: AgentFiles { AgentFiles(folder: folder.path("vm")) }
    private let vmi = "7c1e0b52-3a90-11ee-9c41-0242ac110002"
    private let vm = UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11")

    @Test func `a port's file is the body of its registration, where the agent looks for it`() throws {
        try files.save(PortRegistrationTests.example())
        #expect(folder.list("vm") == ["k8s__ns__p"])
        #expect(folder.list("vm/k8s__ns__p") == [vmi])
        #expect(folder.read("vm/k8s__ns__p/\(vmi)") == PortRegistrationTests.text)
    }

    @Test func `a port's file tells its registration, also as the agent itself writes it`() throws {
        let (name, id) = ("k8s__ns__p", try #require(UUID(vmi)))
        #expect(try files.content(vmName: name, vmi: id) == .absent)
        let registration = try PortRegistrationTests.example()
        try files.save(registration)
        #expect(try files.content(vmName: name, vmi: id) == .registration(registration))
        let more = PortRegistrationTests.text.dropLast() + #", "author": "agent", "time": "1:2:3"}"#
        folder.write(String(more), to: "vm/\(name)/\(vmi)")
        #expect(try files.content(vmName: name, vmi: id) == .registration(registration))
        let text = PortRegistrationTests.text
        for wrong in [
            "", "{", "[]", "{}", text.replacing(vmi, with: "7c1e0b52-3a90-11ee-9c41-0242ac110003"),
            text.replacing("k8s__ns__p", with: "other"), text.replacing("host-ifname", with: "x"),
            String(repeating: " ", count: 1 << 20) + text,
        ] {
            folder.write(wrong, to: "vm/\(name)/\(vmi)")
            #expect(try files.content(vmName: name, vmi: id) == .spoiled, "\(wrong.prefix(80))")
        }
    }

    @Test func `a port's file of another container is replaced`() throws {
        try files.save(PortRegistrationTests.example(containerID: "old"))
        try files.save(PortRegistrationTests.example())
        #expect(folder.read("vm/k8s__ns__p/\(vmi)") == PortRegistrationTests.text)
    }

    /// The agent loads at its restart whatever begins with a UUID, a temporary file, too.
    @Test func `at every moment only whole files have names that the agent loads`() throws {
        let (files, registration) = (files, try PortRegistrationTests.example())
        let writer = PlainThread { for _ in 0..<300 { try? files.save(registration) } }
        for _ in 0..<300 {
            for name in folder.list("vm/k8s__ns__p") where !name.hasPrefix(".") {
                #expect(name == vmi)
                #expect(folder.read("vm/k8s__ns__p/\(name)") == PortRegistrationTests.text)
            }
        }
        writer.join()
        #expect(folder.list("vm/k8s__ns__p") == [vmi])
    }

    @Test func `removing takes the file, and the folder with the last one, twice without an error`() throws {
        try files.save(PortRegistrationTests.example())
        folder.write("{}", to: "vm/k8s__ns__p/other")
        let id = try #require(UUID(vmi))
        try files.remove(vmName: "k8s__ns__p", vmi: id)
        #expect(folder.list("vm/k8s__ns__p") == ["other"])
        try Files.remove(folder.path("vm/k8s__ns__p/other"))
        try files.remove(vmName: "k8s__ns__p", vmi: id)
        try files.remove(vmName: "k8s__ns__p", vmi: id)
        #expect(folder.list("vm") == [])
    }

    @Test func `the ports of a container are those whose files name it`() throws {
        try files.save(PortRegistrationTests.example())
        let ports = try files.ports(vmName: "k8s__ns__p", containerID: "cid")
        #expect(ports.map(\.vmi.text) == [vmi])
        #expect(ports.map(\.vm) == [vm])
        #expect(try files.ports(vmName: "k8s__ns__p", containerID: "other").isEmpty)
        #expect(try files.ports(vmName: "none", containerID: "cid").isEmpty)
    }

    @Test(arguments: ["", "{", "garbage", #"{"schema": 1}"#, String(repeating: " ", count: 2 << 20)])
    func `what is no whole file is nobody's, and is removed with the folder`(content: String) throws {
        try files.save(PortRegistrationTests.example())
        let id = try #require(UUID(vmi))
        #expect(try files.holder(vmName: "k8s__ns__p", vmi: id, of: "cid") == .container)
        #expect(try files.holder(vmName: "k8s__ns__p", vmi: id, of: "other") == .another)
        try files.removeUnreadable(vmName: "k8s__ns__p")
        #expect(folder.list("vm/k8s__ns__p") == [vmi])
        folder.write(content, to: "vm/k8s__ns__p/\(vmi)")
        #expect(try files.holder(vmName: "k8s__ns__p", vmi: id, of: "cid") == .unreadable)
        #expect(try files.ports(vmName: "k8s__ns__p", containerID: "cid").isEmpty)
        try files.removeUnreadable(vmName: "k8s__ns__p")
        #expect(folder.list("vm") == [])
    }

    @Test func `the agent's own file, with author and time, is read`() throws {
        folder.write(
            """
            {
                "vm-uuid": "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11",
                "vn-uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
                "vmi-uuid": "\(vmi)",
                "vm-id": "cid",
                "vm-name": "k8s__ns__p",
                "host-ifname": "tap1",
                "vm-ifname": "eth0",
                "vm-namespace": "/proc/1/ns/net",
                "author": "contrail-vrouter-agent",
                "time": "498705:55:43.573271"
            }
            """,
            to: "vm/k8s__ns__p/\(vmi)"
        )
        let ports = try files.ports(vmName: "k8s__ns__p", containerID: "cid")
        #expect(ports.map(\.vmi.text) == [vmi])
        #expect(ports.map(\.vm) == [vm])
    }

    @Test func `other files are no ports`() throws {
        let text = PortRegistrationTests.text
        for name in ["\(vmi).tmp", ".\(vmi)", vmi.uppercased(), "x", "00000000-0000-0000-0000-000000000000"] {
            folder.write(text, to: "vm/k8s__ns__p/\(name)")
        }
        let bad = [
            "", "{", "[]", "5", text.replacing("b0f5a0e4", with: "B0F5A0E4"),
            text.replacing("vm-id", with: "x"),
        ]
        for (index, content) in bad.enumerated() {
            folder.write(content, to: "vm/k8s__ns__p/7c1e0b52-3a90-11ee-9c41-00000000000\(index)")
        }
        #expect(try files.ports(vmName: "k8s__ns__p", containerID: "cid").isEmpty)
        try files.save(PortRegistrationTests.example())
        #expect(try files.ports(vmName: "k8s__ns__p", containerID: "cid").count == 1)
    }

    @Test func `a file cut at any byte is no port`() throws {
        let whole = Array(PortRegistrationTests.text.utf8)
        for length in 0..<whole.count {
            folder.write(String(decoding: whole[..<length], as: UTF8.self), to: "vm/k8s__ns__p/\(vmi)")
            #expect(try files.ports(vmName: "k8s__ns__p", containerID: "cid").isEmpty)
        }
    }
}
