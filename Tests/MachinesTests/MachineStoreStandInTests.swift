// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import DomainXML
import Foundation
import HostPrograms
import NetworkTypes
import TestSupport
import Testing

@testable import Machines

/// Files in a folder of the test's own; QEMU's and xorriso's programs are real.
@Suite struct MachineStoreStandInTests {
    private let scratch: ScratchFolder
    private let store: MachineStore

    init() throws {
        scratch = try ScratchFolder()
        var settings = Settings()
        settings.stateFolder = "\(scratch.path)/state"
        settings.runFolder = "\(scratch.path)/run"
        store = MachineStore(settings: settings)
    }

    private func draft(_ name: String, uid: UInt32) throws(MachineError) -> Machine {
        guard let uuid = NetworkTypes.UUID("4a1c9a0e-5f6b-4f0e-9d0a-0123456789ab"),
            let id = ContainerID("vmctl-\(name)")
        else { throw MachineError("draft", name) }
        return Machine(
            name: name,
            uuid: uuid,
            user: Domain.User(uid: uid, gid: uid),
            sandbox: Sandbox(
                containerID: id,
                namespace: nil,
                networks: [],
                podNamespace: "default",
                podName: name
            ),
            image: Image(path: "/x", format: .raw),
            memoryMiB: 64,
            vcpus: 1,
            board: .pc,
            accelerator: .tcg,
            wasStarted: false
        )
    }

    private func create(_ name: String) throws -> Machine {
        try store.create(name) { uid throws(MachineError) in try draft(name, uid: uid) }
    }

    @Test func `machines get users of their own, and the folder lets QEMU pass`() throws {
        let first = try create("a")
        let second = try create("b")
        #expect(first.user.uid != second.user.uid)
        #expect(try store.list() == [first, second])
        let attributes = try FileManager.default.attributesOfItem(atPath: store.folder(of: "a"))
        #expect(attributes[.posixPermissions] as? Int == 0o711)
        let file = try FileManager.default.attributesOfItem(atPath: store.path(.description, of: "a"))
        #expect(file[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a name is given once`() throws {
        _ = try create("a")
        #expect(throws: MachineError.self) { try create("a") }
    }

    @Test func `removing is repeatable, follows no link and frees the user`() throws {
        let first = try create("a")
        let precious = try scratch.file("precious/file", "x")
        try FileManager.default.createSymbolicLink(
            atPath: store.path(.seedFolder, of: "a"),
            withDestinationPath: "\(scratch.path)/precious"
        )
        try store.remove("a")
        try store.remove("a")
        #expect(FileManager.default.fileExists(atPath: precious))
        #expect(!FileManager.default.fileExists(atPath: store.folder(of: "a")))
        #expect(try create("b").user.uid == first.user.uid)
    }

    @Test func `a lock keeps others out, and is gone with its holder`() throws {
        do {
            let lock = try store.lock("a")
            defer { withExtendedLifetime(lock) {} }
            #expect(throws: MachineError.self) { _ = try store.lock("a", seconds: 0) }
        }
        _ = try store.lock("a", seconds: 0)
    }

    @Test func `images are examined by their content`() async throws {
        let tool = "/usr/bin/qemu-img"
        let (base, overlay) = ("\(scratch.path)/base.qcow2", "\(scratch.path)/overlay.qcow2")
        try Programs.succeed(tool, ["create", "-q", "-f", "qcow2", base, "1M"])
        try Programs.succeed(tool, ["create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", overlay])
        #expect(try await Image(checking: base, by: HostProgram(tool)).format == .qcow2)
        await #expect(throws: MachineError.self) {
            _ = try await Image(checking: overlay, by: HostProgram(tool))
        }
        await #expect(throws: MachineError.self) {
            _ = try await Image(checking: "/nowhere", by: HostProgram(tool))
        }
        let hidden = try scratch.file("hidden.raw", "x", mode: 0o600)
        await #expect {
            _ = try await Image(checking: hidden, by: HostProgram(tool))
        } throws: {
            "\($0)".contains("chmod o+r")
        }
    }
}
