// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import LinuxSystem
import NetworkTypes
import PreparedInterface
import TestSupport
import Testing

@Suite struct InterfaceStoreTests {
    private let folder = TemporaryFolder()
    private var store: InterfaceStore { InterfaceStore(folder: folder.path("interfaces")) }

    private func interface(_ name: String = "eth0", container: String = "c0ffee") throws -> PreparedInterface
    {
        var interface = try Golden.directTap.interface()
        interface.key = InterfaceKey(
            containerID: try #require(ContainerID(container)),
            interface: try #require(InterfaceName(name))
        )
        return interface
    }

    @Test func `a plan is saved first, and gone when the record is in place`() throws {
        let interface = try interface()
        #expect(try store.load(interface.key, .plan) == nil)
        #expect(try store.load(interface.key, .record) == nil)
        var plan = interface
        plan.guest.addresses = []
        try store.save(plan: plan)
        #expect(folder.list("interfaces/c0ffee") == ["eth0.plan"])
        #expect(try store.load(interface.key, .plan) == plan)
        #expect(try store.load(interface.key, .record) == nil)
        try store.save(record: interface)
        #expect(folder.list("interfaces/c0ffee") == ["eth0.json"])
        #expect(try store.load(interface.key, .plan) == nil)
        #expect(try store.load(interface.key, .record) == interface)
        #expect(
            folder.read("interfaces/c0ffee/eth0.json")
                == String(decoding: interface.json.serialized(), as: UTF8.self)
        )
    }

    @Test func `removing takes record, plan and the container's folder, twice without an error`() throws {
        let interface = try interface()
        try store.save(record: interface)
        try store.save(plan: interface)
        try store.remove(interface.key)
        #expect(folder.list("interfaces") == [])
        try store.remove(interface.key)
        try store.removePlan(interface.key)
    }

    @Test func `other interfaces of the container stay`() throws {
        try store.save(record: interface("eth0"))
        try store.save(record: interface("net1"))
        try store.remove(interface("eth0").key)
        #expect(folder.list("interfaces/c0ffee") == ["net1.json"])
        #expect(try store.load(interface("net1").key, .record) == interface("net1"))
    }

    @Test func `what a killed writer began goes with the plan, though the record stays`() throws {
        try store.save(record: interface())
        for name in [".eth0.plan.new", ".eth0.json.new"] {
            folder.write("{", to: "interfaces/c0ffee/\(name)")
        }
        try store.removePlan(interface().key)
        #expect(folder.list("interfaces/c0ffee") == ["eth0.json"])
    }

    @Test func `removing a plan leaves the record`() throws {
        let interface = try interface()
        try store.save(record: interface)
        try store.save(plan: interface)
        try store.removePlan(interface.key)
        #expect(folder.list("interfaces/c0ffee") == ["eth0.json"])
    }

    @Test func `the interfaces of a container are those with a record or a plan, each once`() throws {
        let container = try interface().key.containerID
        #expect(try store.interfaces(of: container) == [])
        try store.save(record: interface("net1"))
        try store.save(record: interface("eth0"))
        try store.save(plan: interface("eth0"))
        try store.save(plan: interface("a.json"))
        try store.save(record: interface("b.plan"))
        try store.save(record: interface("eth0", container: "0ther"))
        for name in ["notes.txt", ".eth5.json.77", "0123456789abcdef.json", ".json"] {
            folder.write("x", to: "interfaces/c0ffee/\(name)")
        }
        #expect(
            try store.interfaces(of: container).map(\.text).sorted() == ["a.json", "b.plan", "eth0", "net1"]
        )
    }

    @Test(arguments: ["", " ", "{", "null", "[]", "x", "{}", #"{"schema":3}"#, "\u{0}\u{0}\u{0}"])
    func `a file that is not what was written is unreadable, and the error names it`(content: String) throws {
        let key = try interface().key
        for (stage, name) in [(InterfaceStore.Stage.record, "eth0.json"), (.plan, "eth0.plan")] {
            folder.write(content, to: "interfaces/c0ffee/\(name)")
            let error = #expect(throws: InterfaceStore.Failure.self) { _ = try store.load(key, stage) }
            guard case .unreadable(folder.path("interfaces/c0ffee/\(name)"), _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(
                error?.message.hasPrefix("cannot use \(folder.path("interfaces/c0ffee/\(name)")): ") == true
            )
        }
        try store.remove(key)
        #expect(folder.list("interfaces") == [])
    }

    @Test func `a record cut at any byte is unreadable`() throws {
        let interface = try interface()
        let whole = interface.json.serialized()
        for length in 0..<whole.count {
            folder.write(String(decoding: whole[..<length], as: UTF8.self), to: "interfaces/c0ffee/eth0.json")
            #expect(throws: InterfaceStore.Failure.self) { _ = try store.load(interface.key, .record) }
        }
    }

    @Test func `another interface's record is unreadable`() throws {
        folder.write(try Golden.directTap.text(), to: "interfaces/c0ffee/net1.json")
        #expect(
            throws: InterfaceStore.Failure.unreadable(
                path: folder.path("interfaces/c0ffee/net1.json"),
                reason: "it is another interface's"
            )
        ) { _ = try store.load(interface("net1").key, .record) }
    }

    @Test func `what can't be read for another reason is the system's error`() throws {
        folder.write("x", to: "interfaces/c0ffee/eth0.json/x")
        let error = #expect(throws: InterfaceStore.Failure.self) {
            _ = try store.load(interface().key, .record)
        }
        guard case .system = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
