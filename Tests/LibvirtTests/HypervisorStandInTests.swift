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

    /// A host of its own for each test: the default one is the process's.
    init() throws {
        scratch = try ScratchFolder()
        hypervisor = Hypervisor(uri: "test://\(try scratch.file("host.xml", "<node/>"))")
    }

    private var xml: String {
        """
        <domain type='test'><name>web</name><uuid>\(uuid)</uuid><memory unit='MiB'>64</memory>
        <metadata><m:machine xmlns:m='urn:x' owner='vmctl'/></metadata>
        <os><type>hvm</type></os></domain>
        """
    }

    @Test func `a transient domain starts, resumes, and leaves nothing`() async throws {
        try await hypervisor.start(xml, name: "web")
        #expect(try await hypervisor.state(of: uuid) == .running)
        try await hypervisor.destroy(uuid)
        #expect(try await hypervisor.state(of: uuid) == nil)
        try await hypervisor.destroy(uuid)
    }

    @Test func `domains are listed by their owner`() async throws {
        try await hypervisor.start(xml, name: "web")
        #expect(try await hypervisor.domains(of: "vmctl", namespace: "urn:x").map(\.name) == ["web"])
        #expect(try await hypervisor.domains(of: "other", namespace: "urn:x").isEmpty)
    }

    @Test func `a persistent domain outlives its end`() async throws {
        try await hypervisor.define(xml, name: "web")
        try await hypervisor.start(defined: uuid)
        try await hypervisor.destroy(uuid)
        #expect(try await hypervisor.state(of: uuid) == .off)
        try await hypervisor.undefine(uuid)
        try await hypervisor.undefine(uuid)
        #expect(try await hypervisor.state(of: uuid) == nil)
    }

    @Test func `an error names the call, the domain and libvirt's reason`() async throws {
        let error = await #expect(throws: LibvirtError.self) {
            try await hypervisor.start("<domain", name: "web")
        }
        #expect(error?.description.hasPrefix("cannot start the VM web: ") == true)
        let missing = await #expect(throws: LibvirtError.self) { try await hypervisor.resume(uuid) }
        #expect(missing?.isNoDomain == true)
    }

    @Test func `a libvirt that is not there is told with its URI`() async {
        let away = Hypervisor(uri: "qemu+unix:///system?socket=/nowhere/libvirt-sock")
        await #expect {
            _ = try await away.version()
        } throws: {
            "\($0)".contains("/nowhere/libvirt-sock")
        }
    }
}
