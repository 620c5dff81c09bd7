// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import PreparedInterface
import TestSupport
import Testing

@testable import Machines

/// A tap in a namespace of its own, the real wrapper, and a script in QEMU's place.
@Suite struct QueueServiceNamespaceTests {
    private let scratch: ScratchFolder
    private let network: TestNetwork
    private let wrapper: String
    private let socket: String

    init() throws {
        scratch = try ScratchFolder()
        network = try TestNetwork(inNamespace: true)
        wrapper = "\(scratch.path)/vmwrapper"
        socket = "\(scratch.path)/queues.sock"
        try FileManager.default.copyItem(atPath: Programs.path("vmwrapper"), toPath: wrapper)
    }

    private func source(tap: String? = nil) throws -> QueueService.Source {
        let tap = Attachment.Tap(
            name: try present(InterfaceName(tap ?? network.tap)),
            namespace: network.namespace,
            isMultiQueue: true,
            mostQueues: 8,
            hasVnetHeader: true,
            ownerUID: 67_000,
            joinedBy: .redirect
        )
        return QueueService.Source(tap: tap, queues: 2, vhosts: 0)
    }

    private func service() -> QueueService { QueueService(path: socket, user: 67_000, wrapper: wrapper) }

    /// Runs a wrapper as a user; what stands in for QEMU prints its arguments and the taps of its descriptors.
    private func runWrapper(_ program: String, uid: Int = 67_000) throws -> Programs.Run {
        let script = "for a; do echo \"$a\"; done; grep -h iff: /proc/$$/fdinfo/*; exit 0"
        let qemu = try scratch.program("qemu", script)
        return try Programs.run(
            "/usr/bin/setpriv",
            ["--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", program, "-name", "web"],
            environment: [
                "CONTRAIL_VM_QEMU": qemu, "CONTRAIL_VM_SOCKET": socket,
                "CONTRAIL_VM_INTERFACES": "0,2,0,02:00:00:00:00:11,1450,pci.0,16",
            ],
            seconds: 20
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func `the wrapper becomes QEMU with the tap's queues open`() async throws {
        let service = service()
        let source = try source()
        let listening = try service.listen()
        let attributes = try FileManager.default.attributesOfItem(atPath: socket)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.ownerAccountID] as? Int == 67_000)
        async let served = onThreadOfItsOwn { service.serve([source], on: listening) }
        let run = try runWrapper(wrapper)
        #expect(await served == nil)
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == ["-name", "web"])
        #expect(lines.contains { $0.hasPrefix(#"{"type":"tap","id":"pod0","fds":""#) })
        #expect(lines.filter { $0 == "iff:\t\(network.tap)" }.count == 2)
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test(.timeLimit(.minutes(1)))
    func `another user cannot connect`() async throws {
        let service = service()
        let source = try source()
        let listening = try service.listen()
        async let served = onThreadOfItsOwn { service.serve([source], on: listening) }
        let run = try runWrapper(wrapper, uid: 64_101)
        #expect(run.status == 1)
        #expect(run.errors.contains("Permission denied"), "\(run.errors)")
        service.cancel()
        #expect(await served == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `another program of the same user gets nothing`() async throws {
        let other = "\(scratch.path)/other"
        try FileManager.default.copyItem(atPath: wrapper, toPath: other)
        let service = service()
        let source = try source()
        let listening = try service.listen()
        async let served = onThreadOfItsOwn { service.serve([source], on: listening) }
        let run = try runWrapper(other)
        #expect(run.status == 1)
        #expect(run.errors.contains("0 came, 2 were announced"), "\(run.errors)")
        service.cancel()
        #expect(await served == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a tap that is not there is not made`() async throws {
        let service = service()
        let source = try source(tap: "nosuchtap")
        let listening = try service.listen()
        let failure = await onThreadOfItsOwn { service.serve([source], on: listening) }
        #expect(failure?.cause == "cannot find the tap nosuchtap: No such device")
        #expect(try network.run("/usr/sbin/ip", "link", "show", "nosuchtap").status != 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a wrapper is waited for while its domain is being started, and soon after no more`() async throws {
        let service = service()
        let source = try source()
        let listening = try service.listen()
        async let served = onThreadOfItsOwn { service.serve([source], on: listening) }
        try await Task.sleep(for: .seconds(1))
        #expect(FileManager.default.fileExists(atPath: socket))
        service.finish(within: 1)
        #expect(await served?.cause == "the VM was started, and its emulator did not come for them")
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a named namespace is made, entered by its path and removed twice`() async throws {
        let path = "\(scratch.path)/netns/a"
        let failure = await onThreadOfItsOwn { () -> String? in
            do {
                try NamedNamespace.make(path)
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(failure == nil)
        let run = try Programs.run("/usr/bin/nsenter", ["--net=\(path)", "/usr/sbin/ip", "-br", "link"])
        #expect(run.status == 0 && run.output.hasPrefix("lo"), "\(run.output)\(run.errors)")
        for _ in 0..<2 { try NamedNamespace.remove(path) }
        #expect(!FileManager.default.fileExists(atPath: path))
        // The folder became a mount of its own.
        try Programs.succeed("/usr/bin/umount", ["\(scratch.path)/netns"])
    }
}
