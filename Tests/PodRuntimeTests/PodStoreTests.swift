// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pods
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct PodStoreTests {
    private let folder = TemporaryFolder()

    private func store() throws -> PodStore { try PodStore(path: folder.path("pods.sqlite")) }

    private func sandbox(_ id: String, user: UInt32) -> SandboxRecord {
        SandboxRecord(
            id: id,
            configuration: PodSandboxConfiguration(
                metadata: PodSandboxMetadata(name: "vm", uid: id, namespace: "default", attempt: 0)
            ),
            handler: "",
            createdAt: 1,
            bootID: "b",
            user: user,
            namespace: "/run/netns/x"
        )
    }

    @Test func `what was saved is there after a start, in a file of ours alone`() async throws {
        var record = sandbox("a", user: 66_000)
        record.networks = [SandboxRecord.Network(interface: "eth0", list: "{}", result: "{\"ips\": []}")]
        do {
            let store = try store()
            try await store.save(record)
            record.phase = .ready
            try await store.save(record)
            try await store.save(sandbox("b", user: 66_001))
            try await store.removeSandbox("b")
        }
        let again = try store()
        #expect(await again.sandboxes == ["a": record])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("pods.sqlite"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `each sandbox has a user of its own, and the last one is told of`() async throws {
        let store = try store()
        for id in ["a", "b", "c"] {
            let made = try await store.insert(66_000...66_002) { user in
                SandboxRecord(
                    id: id,
                    configuration: PodSandboxConfiguration(
                        metadata: PodSandboxMetadata(name: id, uid: id, namespace: "default", attempt: 0)
                    ),
                    handler: "",
                    createdAt: 1,
                    bootID: "b",
                    user: user,
                    namespace: ""
                )
            }
            #expect(made.user == 66_000 + UInt32(["a", "b", "c"].firstIndex(of: id) ?? 9))
        }
        let error = await #expect(throws: PodServiceError.self) {
            _ = try await store.insert(66_000...66_002) { user in
                SandboxRecord(
                    id: "d",
                    configuration: PodSandboxConfiguration(
                        metadata: PodSandboxMetadata(name: "d", uid: "d", namespace: "default", attempt: 0)
                    ),
                    handler: "",
                    createdAt: 1,
                    bootID: "b",
                    user: user,
                    namespace: ""
                )
            }
        }
        #expect(error?.kind == .resourceExhausted)
    }

    @Test func `a sandbox with containers is not forgotten`() async throws {
        let store = try store()
        try await store.save(sandbox("a", user: 66_000))
        let container = ContainerRecord(
            id: "c",
            sandboxID: "a",
            configuration: ContainerConfiguration(
                metadata: ContainerMetadata(name: "vm", attempt: 0),
                image: ImageReference("image")
            ),
            imageID: "sha256:0",
            imagePath: "/image",
            imageFormat: "qcow2",
            uuid: "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e",
            shape: try GuestShape(
                ContainerConfiguration(
                    metadata: ContainerMetadata(name: "vm", attempt: 0),
                    image: ImageReference("image")
                ),
                in: sandbox("a", user: 1).configuration,
                needs: EmulatorNeeds(accelerator: .kvm),
                nodeBytes: 0
            ),
            createdAt: 2
        )
        try await store.save(container)
        await #expect(throws: PodServiceError.self) { try await store.removeSandbox("a") }
        #expect(await store.sandboxes.count == 1)
        try await store.removeContainer("c")
        try await store.removeSandbox("a")
        #expect(await store.sandboxes.isEmpty)
    }

    @Test(arguments: ["", "no database"])
    func `a database that is spoiled, or empty where there are pods, is refused in words and left as it is`(
        content: String
    ) throws {
        let path = folder.path("pods.sqlite")
        try content.write(toFile: path, atomically: false, encoding: .utf8)
        let error = #expect(throws: PodServiceError.self) { try PodStore(path: path, mustHaveTables: true) }
        let message = try #require(error).message
        #expect(message.contains(path) && message.contains("move it away"), "\(message)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    }

    @Test
    func `an empty database is one of a first start where there are no pods, and a missing one always is`()
        async throws
    {
        #expect(await (try store()).sandboxes.isEmpty)
        let missing = try PodStore(path: folder.path("other.sqlite"), mustHaveTables: true)
        #expect(await missing.sandboxes.isEmpty)
        try Data().write(to: URL(fileURLWithPath: folder.path("empty.sqlite")))
        let empty = try PodStore(path: folder.path("empty.sqlite"))
        #expect(await empty.sandboxes.isEmpty)
    }
}
