// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import PreparedInterface
import TestSupport
import Testing
import VRouter

@testable import PortSync

@Suite struct PortTableTests {
    private let folder = TemporaryFolder()
    private let bootID = BootID("boot")
    private var store: InterfaceStore { InterfaceStore(folder: folder.path("interfaces")) }

    private func table() -> PortTable { PortTable(store: store, configFolder: "/ports/vm") }

    @Test func `ports are grouped by their VM, and read again only when their file is another`() throws {
        for name in ["eth0", "net1"] { try store.save(record: try .port(1, interface: name)) }
        try store.save(record: try .port(2))
        try store.save(record: .sample(container: "foreign"))
        var table = table()
        #expect(try table.scan(bootID: bootID) == [])
        #expect(table.lockNames == ["k8s__default__vm1", "k8s__default__vm2"])
        #expect(table.ports(of: "k8s__default__vm1").map(\.key.interface.text) == ["eth0", "net1"])
        var seen = try #require(table.ports(of: "k8s__default__vm2").first)
        seen.isHolder = false
        table.update(seen)
        #expect(try table.scan(bootID: bootID) == [])
        #expect(table.ports[seen.key]?.isHolder == false)
        try store.save(record: try .port(2))
        table.refresh(seen.key)
        #expect(table.ports[seen.key]?.isHolder == true)
        try store.remove(seen.key)
        table.refresh(seen.key)
        #expect(table.ports[seen.key] == nil && table.keys["k8s__default__vm2"] == nil)
        for name in ["eth0", "net1"] { try store.remove(try PreparedInterface.port(1, interface: name).key) }
        #expect(try table.scan(bootID: bootID) == [])
        #expect(table.ports.isEmpty && table.lockNames.isEmpty)
    }

    @Test func `what can't be read is told once`() throws {
        folder.write("{", to: "interfaces/cid/eth0.json")
        folder.write("{}", to: "interfaces/cid/eth1.plan")
        folder.write("", to: "interfaces/cid/.eth0.json.new")
        folder.write("", to: "interfaces/cid/other")
        var table = table()
        #expect(try table.scan(bootID: bootID).count == 2)
        #expect(try table.scan(bootID: bootID).isEmpty)
        #expect(table.unreadable.count == 2 && table.ports.isEmpty)
    }

    @Test func `records of an earlier boot without a port are noted under their container's lock`() throws {
        try store.save(record: .sample(container: "foreign", bootID: "boot"))
        var table = table()
        for _ in 0..<2 {
            _ = try table.scan(bootID: bootID)
            #expect(table.dead.isEmpty && table.lockNames.isEmpty)
        }
        table = PortTable(store: store, configFolder: "/ports/vm")
        for _ in 0..<2 {
            _ = try table.scan(bootID: BootID("later"))
            #expect(table.lockNames == ["container.foreign"])
        }
    }

    @Test func `plans of an earlier boot are noted, those of this one are somebody's work`() throws {
        try store.save(plan: try .port(1))
        var table = table()
        _ = try table.scan(bootID: bootID)
        #expect(table.dead.isEmpty)
        _ = try table.scan(bootID: BootID("later"))
        #expect(table.dead.map(\.lock) == ["k8s__default__vm1"])
        #expect(table.lockNames == ["k8s__default__vm1"])
    }

    @Test func `a registration is the record's, with the namespace of its veth or of the agent's file`()
        throws
    {
        let tap = try PreparedInterface.port(1)
        let first = try #require(Registration(tap, namespace: nil)?.vm)
        #expect(
            first.namespace == "" && first.vmName == "k8s__default__vm1" && first.containerInterface == "eth0"
        )
        #expect(first.hostInterface.text == tap.port?.systemName && first.containerID == "vm1-sandbox")
        #expect(Registration(tap, namespace: "/run/netns/x")?.vm?.namespace == "/run/netns/x")
        var chained = tap
        chained.attachment = try PreparedInterface.sample(
            namespace: .pod(path: "/run/netns/p", device: 1, inode: 2)
        ).attachment
        #expect(Registration(chained, namespace: "/run/netns/x")?.vm?.namespace == "/run/netns/p")
        var dpdk = tap
        dpdk.port?.kind = .port
        guard case .port(let socket) = Registration(dpdk, namespace: nil) else { throw Absent() }
        #expect(socket.vmName == first.vmName && socket.mac == tap.guest.mac && socket.vmi == first.vmi)
        #expect(
            socket.systemName == first.hostInterface.text && socket.vm == first.vm && socket.vn == first.vn
        )
        var long = tap
        long.port?.vmName = String(repeating: "x", count: 256)
        #expect(Registration(long, namespace: nil) == nil)
        #expect(Registration(try .sample(), namespace: nil) == nil)
    }
}

extension PreparedInterface {
    /// An interface of a VM with a port of the agent's.
    static func port(
        _ number: Int,
        interface: String = "eth0",
        configFolder: String = "/ports/vm",
        bootID: String = "boot",
        sandbox: String = "sandbox"
    ) throws -> PreparedInterface {
        func uuid(_ word: String) throws -> UUID {
            let digits = String(number, radix: 16)
            let tail = String(repeating: "0", count: 12 - digits.count) + digits
            return try present(UUID("\(word)-1f7c-4a7e-8a0e-\(tail)"))
        }
        let place = interface == "eth0" ? 0 : 1
        let device = try present(InterfaceName(prefix: "tap", hashing: ["\(number)", interface, sandbox]))
        var value = try sample(
            container: "vm\(number)-\(sandbox)",
            interface: interface,
            index: place,
            tap: device.text,
            bootID: bootID
        )
        value.pod = PodReference(cluster: "k8s", namespace: "default", name: "vm\(number)")
        let vmi = try uuid(place == 0 ? "a0000000" : "b0000000")
        value.port = VRouterPort(
            kind: .vm,
            vm: try uuid("c0000000"),
            vmi: vmi,
            vn: try present(UUID("5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001")),
            vmName: "k8s__default__vm\(number)",
            systemName: device.text,
            agent: "127.0.0.1:9091",
            file: "\(configFolder)/k8s__default__vm\(number)/\(vmi.text)"
        )
        return value
    }
}
