// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Libvirt
import TestSupport
import Testing

/// libvirt's own driver for tests stands in for QEMU.
@Suite struct HypervisorStandInTests {
    private let scratch: ScratchFolder
    private let hypervisor: Hypervisor
    private let uuid = "4a1c9a0e-5f6b-4f0e-9d0a-0123456789ab"
    private static let mark = OwnerMark(namespace: "urn:x", owner: "vmctl")
    private var web: DomainIdentity { DomainIdentity(name: "web", uuid: uuid) }

    /// A host of its own for each test: the default one is the process's.
    init() throws {
        scratch = try ScratchFolder()
        hypervisor = Hypervisor(uri: "test://\(try scratch.file("host.xml", "<node/>"))", mark: Self.mark)
    }

    private var xml: String {
        """
        <domain type='test'><name>web</name><uuid>\(uuid)</uuid><memory unit='MiB'>64</memory>
        <metadata><m:machine xmlns:m='urn:x' owner='vmctl' name='web'/></metadata>
        <os><type>hvm</type></os></domain>
        """
    }

    @Test func `a transient domain starts, resumes, and leaves nothing`() async throws {
        try await hypervisor.start(xml, name: "web")
        #expect(try await hypervisor.state(of: web) == .running)
        try await hypervisor.destroy(web)
        #expect(try await hypervisor.state(of: web) == nil)
        try await hypervisor.destroy(web)
    }

    @Test func `domains are listed by their owner`() async throws {
        try await hypervisor.start(xml, name: "web")
        #expect(try await hypervisor.domains().map(\.identity) == [web])
        let other = Hypervisor(uri: hypervisor.uri, mark: OwnerMark(namespace: "urn:x", owner: "other"))
        #expect(try await other.domains().isEmpty)
        #expect(try await hypervisor.active() == [web])
    }

    /// What makes a domain another's: its metadata, or a name or UUID that is asked for but is not its own.
    enum Stranger: CaseIterable {
        case noMark, anotherOwner, anotherNamespace, markOfACopiedDomain, anotherName, anotherUUID
    }

    @Test(arguments: Stranger.allCases)
    func `a domain that is not ours is never ended, removed, started, asked or counted`(
        stranger: Stranger
    ) async throws {
        var metadata = "<m:machine xmlns:m='urn:x' owner='vmctl' name='web'/>"
        var asked = web
        switch stranger {
        case .noMark: metadata = ""
        case .anotherOwner: metadata = metadata.replacing("vmctl", with: "someone")
        case .anotherNamespace: metadata = metadata.replacing("urn:x", with: "urn:y")
        case .markOfACopiedDomain: metadata = metadata.replacing("name='web'", with: "name='original'")
        case .anotherName: asked = DomainIdentity(name: "other", uuid: uuid)
        case .anotherUUID:
            asked = DomainIdentity(name: "web", uuid: "5a1c9a0e-5f6b-4f0e-9d0a-0123456789ab")
        }
        let defined = xml.replacing("<m:machine xmlns:m='urn:x' owner='vmctl' name='web'/>", with: metadata)
        let meant = asked
        try await hypervisor.define(defined, name: "web")
        await #expect(throws: LibvirtError.self) { try await hypervisor.start(defined: meant) }
        try await hypervisor.undefine(meant)
        try await hypervisor.start(defined, name: "web")
        try await hypervisor.destroy(meant)
        try await hypervisor.shutDown(meant)
        try await hypervisor.shutDown(meant, byAgent: true)
        #expect(try await hypervisor.state(of: meant) == nil)
        #expect(try await hypervisor.ending(of: meant) == .unknown)
        #expect(try await hypervisor.consoleTerminal(of: meant) == nil)
        let calls: [@Sendable () async throws -> Void] = [
            { try await hypervisor.resume(meant) },
            { _ = try await hypervisor.askAgent(of: meant, "{}", seconds: 1) },
            { _ = try await hypervisor.statistics(of: "tap0", in: meant) },
        ]
        for call in calls {
            let error = await #expect(throws: LibvirtError.self) { try await call() }
            #expect(error?.isNoDomain == true, "\(String(describing: error))")
        }
        #expect(try await hypervisor.active() == [web])
    }

    @Test func `a persistent domain outlives its end`() async throws {
        try await hypervisor.define(xml, name: "web")
        try await hypervisor.start(defined: web)
        try await hypervisor.destroy(web)
        #expect(try await hypervisor.state(of: web) == .off)
        try await hypervisor.undefine(web)
        try await hypervisor.undefine(web)
        #expect(try await hypervisor.state(of: web) == nil)
    }

    @Test func `an error names the call, the domain and libvirt's reason`() async throws {
        let error = await #expect(throws: LibvirtError.self) {
            try await hypervisor.start("<domain", name: "web")
        }
        #expect(error?.description.hasPrefix("cannot start the VM web: ") == true)
        let missing = await #expect(throws: LibvirtError.self) { try await hypervisor.resume(web) }
        #expect(missing?.isNoDomain == true)
    }

    @Test func `a libvirt that is not there is told with its URI`() async {
        let away = Hypervisor(uri: "qemu+unix:///system?socket=/nowhere/libvirt-sock", mark: Self.mark)
        await #expect {
            _ = try await away.version()
        } throws: {
            "\($0)".contains("/nowhere/libvirt-sock")
        }
    }
}
