// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import PreparedInterface
import TestSupport
import Testing
import VMWrapper

@testable import DomainXML

@Suite struct DomainTests {
    private let golden = Golden()

    private func domain(
        _ interfaces: [PreparedInterface],
        vcpus: Int = 1,
        _ change: (inout Domain) -> Void = { _ in }
    ) throws -> Domain {
        var devices: [DomainInterface] = []
        for (index, interface) in interfaces.enumerated() {
            devices.append(try DomainInterface(interface, index: index, vcpus: vcpus))
        }
        var domain = Domain(
            name: "web",
            uuid: try present(UUID("4a1c9a0e-5f6b-4f0e-9d0a-0123456789ab")),
            memoryMiB: 512,
            vcpus: vcpus,
            accelerator: .tcg,
            disks: [
                Domain.Disk(
                    path: "/var/lib/m/web/disk.qcow2",
                    format: .qcow2,
                    base: Domain.Base(path: "/images/debian.qcow2", format: .qcow2)
                ),
                Domain.Disk(path: "/var/lib/m/web/seed.iso", format: .raw, isReadOnly: true),
            ],
            interfaces: devices,
            consoleLog: "/var/lib/m/web/console.log",
            user: Domain.User(uid: 64_100, gid: 64_100),
            owner: "vmctl"
        )
        change(&domain)
        return domain
    }

    private var podNamespace: NamespaceReference {
        .pod(path: "/run/netns/pod", device: 4, inode: 4_026_532_000)
    }

    @Test func `a machine with direct taps`() throws {
        let interfaces = [
            try PreparedInterface.sample(),
            try PreparedInterface.sample(interface: "eth1", index: 1, tap: "tap3f2b"),
        ]
        let xml = try domain(interfaces, vcpus: 4).xml
        #expect(try golden.text("direct.xml", now: xml) == xml)
    }

    @Test func `a machine whose tap lies in the pod's namespace`() throws {
        let interfaces = [try PreparedInterface.sample(), try .sample(index: 1, namespace: podNamespace)]
        let xml = try domain(interfaces) {
            $0.machine = .q35
            $0.accelerator = .kvm
            $0.wrapper = Domain.Wrapper(
                path: "/usr/libexec/vmwrapper",
                socket: "/run/q.sock",
                offersVhost: true
            )
        }.xml
        #expect(try golden.text("wrapped.xml", now: xml) == xml)
    }

    @Test func `the translator's buffer is bounded where there is a translator`() throws {
        let xml = try domain([]) { $0.translationCacheMiB = 48 }.xml.filter { !$0.isWhitespace }
        #expect(
            xml.contains("<features><acpi/><apic/><tcg><tb-cacheunit='MiB'>48</tb-cache></tcg></features>")
        )
        let others = [
            try domain([]).xml,
            try domain([]) {
                $0.translationCacheMiB = 48
                $0.accelerator = .kvm
            }.xml,
        ]
        #expect(others.allSatisfy { !$0.contains("tcg>") })
    }

    @Test func `a guest that sees a UUID of its pod's has a domain with one of its own`() throws {
        let interfaces = [try PreparedInterface.sample(namespace: podNamespace)]
        let xml = try domain(interfaces) {
            $0.systemUUID = UUID("6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e")
            $0.wrapper = Domain.Wrapper(path: "/usr/libexec/vmwrapper", socket: "/run/q.sock")
        }.xml
        #expect(try golden.text("system-uuid.xml", now: xml) == xml)
        #expect(xml.contains("<uuid>4a1c9a0e-5f6b-4f0e-9d0a-0123456789ab</uuid>"))
        let alone = try domain([]) { $0.systemUUID = UUID("6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e") }.xml
        #expect(alone.contains("xmlns:qemu") && alone.contains("type=1,uuid=6ab5d6f5"))
    }

    @Test func `no text breaks out of its place`() throws {
        let hostile = "'/><script a=\"&amp;\"]]>\u{0}\u{1}\n\u{FFFF}ä"
        let xml = try domain([]) {
            $0.name = hostile
            $0.consoleLog = hostile
            $0.owner = hostile
        }.xml
        #expect(try golden.text("hostile.xml", now: xml) == xml)
        #expect(!xml.contains("<script"))
    }

    @Test(arguments: [
        (true, 8, 1, 2), (true, 8, 2, 2), (true, 8, 4, 4), (true, 8, 16, 8), (true, 1, 4, 2),
        (false, 1, 4, 1), (true, 256, 65, 32), (true, 256, 255, 32),
    ])
    func `a multi-queue tap is opened for at least two queues, another for one`(
        isMultiQueue: Bool,
        most: Int,
        vcpus: Int,
        queues: Int
    ) throws {
        guard case .tap(var tap) = try PreparedInterface.sample().attachment else { throw Absent() }
        tap.isMultiQueue = isMultiQueue
        tap.mostQueues = most
        #expect(DomainInterface.queues(of: tap, vcpus: vcpus) == queues)
    }

    @Test func `a container's interface is refused with what to do`() throws {
        var prepared = try PreparedInterface.sample()
        prepared.attachment = .veth(Attachment.Veth(host: nil, namespace: podNamespace))
        #expect {
            _ = try DomainInterface(prepared, index: 0, vcpus: 1)
        } throws: { error in
            "\(error)".contains("tap-bridge")
        }
    }

    @Test func `a kind that no VM can have is refused in clear words`() throws {
        let pod = NamespaceReference.pod(path: "/run/netns/x", device: 4, inode: 5)
        let eth0 = try #require(InterfaceName("eth0"))
        func refusal(_ change: (inout PreparedInterface) -> Void) throws -> String {
            var interface = try PreparedInterface.sample()
            change(&interface)
            let error = #expect(throws: DomainError.self) {
                _ = try DomainInterface(interface, index: 0, vcpus: 1)
            }
            return error?.reason ?? ""
        }
        let own = try refusal { $0.attachment = .vlan(.init(parent: eth0, tag: 300, namespace: nil)) }
        #expect(own.contains("VLAN 300 of the guest's interface eth0"))
        let vlan = try refusal { $0.attachment = .vlan(.init(parent: eth0, tag: 300, namespace: pod)) }
        #expect(vlan.contains("prepared for a container"))
        let macvlan = try refusal {
            $0.attachment = .macvlan(.init(host: eth0, parent: eth0, tag: 5, namespace: pod))
        }
        #expect(macvlan.contains("prepared for a container"))
    }

    @Test func `a machine with vhost-user sockets shares its memory`() throws {
        func socket(_ index: Int, guestListens: Bool) throws -> PreparedInterface {
            var prepared = try PreparedInterface.sample(interface: "eth\(index)", index: index)
            prepared.attachment = .vhostUser(
                .init(
                    path: "/var/run/vrouter/uvh_\(index)",
                    listener: guestListens ? .guest : .vrouter,
                    mostQueues: 2,
                    ownerUID: 1
                )
            )
            return prepared
        }
        func xml(_ accelerator: Domain.Accelerator) throws -> String {
            try domain([socket(0, guestListens: true), socket(1, guestListens: false)], vcpus: 4) {
                $0.machine = .q35
                $0.accelerator = accelerator
            }.xml
        }
        let translated = try xml(.tcg)
        #expect(try golden.text("vhost-user.xml", now: translated) == translated)
        let line = "<qemu:property name='vectors' type='unsigned' value='0'/>"
        let lines =
            translated.split(separator: "\n").filter { !$0.contains(line) }.joined(separator: "\n") + "\n"
        #expect(
            try xml(.kvm)
                == lines.replacing("<domain type='qemu'", with: "<domain type='kvm'")
                .replacing("mode='maximum'", with: "mode='host-passthrough'")
        )
    }

    @Test func `disks behind a controller`() throws {
        let xml = try domain([.sample()]) { $0.diskBus = .scsi }.xml
        #expect(try golden.text("scsi.xml", now: xml) == xml)
    }

    @Test func `firmware and processor as the pod asks`() throws {
        var model = ProcessorModel()
        model.mode = .custom
        model.match = .exact
        model.model = "Skylake-Server"
        model.fallback = .forbid
        model.features = [.init(name: "vmx", policy: .require), .init(name: "hle", policy: .disable)]
        let xml = try domain([]) {
            $0.cpu = .model(model)
            $0.firmware = .uefi(variables: "/var/lib/m/web/nvram.fd")
        }.xml
        #expect(try golden.text("uefi.xml", now: xml) == xml)
        #expect(
            try domain([]) {
                $0.cpu = .host
                $0.accelerator = .kvm
            }.xml.contains("<cpu mode='host-model' check='partial'/>")
        )
    }

    @Test func `the seventeenth interface is refused`() throws {
        #expect(throws: DomainError.self) { try DomainInterface(.sample(), index: 16, vcpus: 1) }
    }

    @Test func `the wrapper gets what the interface says`() throws {
        let device = try DomainInterface(.sample(index: 2, namespace: podNamespace), index: 2, vcpus: 4)
        let wrapped = try present(device.wrapped(on: .pc, vhosts: false))
        #expect(wrapped.text == "2,4,0,02:00:00:00:00:12,1450,pci.0,18")
        #expect(try DomainInterface(.sample(), index: 0, vcpus: 4).wrapped(on: .pc, vhosts: false) == nil)
    }
}
