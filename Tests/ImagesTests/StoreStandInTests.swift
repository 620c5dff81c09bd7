// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import Synchronization
import TestSupport
import Testing

@testable import Images

/// Images come from local files; qemu-img is Debian's.
@Suite struct StoreStandInTests {
    private let lab: ImageLab

    init() throws { lab = try ImageLab() }

    private func imported(_ store: ImageStore, _ name: String, seed: UInt8 = 1) async throws -> StoredImage {
        try lab.image("file", seed: seed)
        return try await store.importFile("\(lab.scratch.path)/www/file", as: ImageReference(name))
    }

    @Test func `an imported file is an image like any other, and the file stays`() async throws {
        let store = try lab.store()
        let image = try await imported(store, "a:1")
        let again = try await imported(store, "b")
        #expect(again.digest == image.digest)
        #expect(again.repoTags == ["a:1", "b:latest"])
        let mode = try FileManager.default.attributesOfItem(atPath: image.path)[.posixPermissions] as? Int
        #expect(mode == 0o644)
        #expect(try store.image(.digest(image.digest)) == again)
        #expect(try store.image(ImageSelector("b@\(image.digest)")) == again)
        #expect(try store.image(ImageSelector("c")) == nil)
        #expect(access("\(lab.scratch.path)/www/file", F_OK) == 0)
        let usage = try store.usage()
        #expect(usage.usedBytes >= image.size)
        #expect(usage.usedInodes == 6 + 1 + 1 + 2)
    }

    @Test func `no file, an empty one and another digest are refused and leave nothing`() async throws {
        let store = try lab.store()
        let empty = try lab.scratch.file("empty", "")
        for (path, name, code) in [
            ("/nowhere/x", "a", ImageError.Code.system), (empty, "a", .refused),
            (lab.scratch.path, "a", .refused),
        ] {
            let error = await lab.failure {
                try await store.importFile(path, as: ImageReference(name))
            }
            #expect(error.code == code, "\(path): \(error)")
        }
        try lab.image("file")
        let other = try ImageReference("a@sha256:" + String(repeating: "0", count: 64))
        let error = await lab.failure {
            try await store.importFile("\(lab.scratch.path)/www/file", as: other)
        }
        #expect(error.code == .digestMismatch)
        #expect(try store.list().isEmpty)
        #expect(lab.partials.isEmpty)
    }

    @Test func `the last name takes the content along`() async throws {
        let store = try lab.store()
        let image = try await imported(store, "a")
        _ = try await imported(store, "b")
        let first = try store.remove(ImageSelector("a"), ifInUse: .refuse)
        #expect(first)
        #expect(access(image.path, F_OK) == 0)
        let second = try store.remove(ImageSelector("b"), ifInUse: .refuse)
        #expect(second)
        #expect(access(image.path, F_OK) != 0)
        let third = try store.remove(ImageSelector("b"), ifInUse: .refuse)
        #expect(!third)
        _ = try await imported(store, "a")
        let byID = try store.remove(.digest(image.digest), ifInUse: .refuse)
        #expect(byID)
        #expect(try store.list().isEmpty)
    }

    @Test func `what is in use stays until it is released`() async throws {
        let store = try lab.store()
        let image = try await imported(store, "a")
        let user = try #require(ImageUser("container-1"))
        let used = try store.use(ImageSelector("a"), by: user)
        #expect(used == image)
        #expect(try store.use(ImageSelector("none"), by: user) == nil)
        #expect(throws: ImageError.self) { try store.remove(ImageSelector("a"), ifInUse: .refuse) }
        try store.remove(ImageSelector("a"), ifInUse: .keepContent)
        // Another process sees the use as well.
        let other = try lab.store()
        #expect(try other.collect().images.isEmpty)
        #expect(try other.list().map(\.digest) == [image.digest])
        #expect(try other.list()[0].names.isEmpty)
        #expect(try other.allUsers() == [user: image.digest])
        try store.release(user)
        try store.release(user)
        let collected = try other.collect()
        #expect(collected.images == [image.digest])
        #expect(collected.bytes == image.size)
        #expect(try store.list().isEmpty)
    }

    @Test func `a pinned image stays without names`() async throws {
        let store = try lab.store()
        let image = try await imported(store, "a")
        let isSet = try store.setPinned(true, .digest(image.digest))
        #expect(isSet)
        try FileManager.default.removeItem(atPath: store.namePath(ImageReference("a")))
        #expect(try store.collect().images.isEmpty)
        #expect(try store.list().first?.isPinned == true)
        try store.setPinned(false, .digest(image.digest))
        #expect(try store.collect().images == [image.digest])
    }

    @Test func `spoiled files are no images, and are collected`() async throws {
        let store = try lab.store()
        let image = try await imported(store, "a")
        _ = try lab.scratch.file("store/names/" + String(repeating: "0", count: 64) + ".json", "{")
        _ = try lab.scratch.file("store/images/" + String(repeating: "0", count: 64) + ".json", "{")
        _ = try lab.scratch.file("store/data/" + String(repeating: "1", count: 64), "half")
        _ = try lab.scratch.file("store/data/foreign", "foreign")
        #expect(try store.list().map(\.digest) == [image.digest])
        let collected = try store.collect()
        #expect(collected.images.map(\.hex) == [String(repeating: "1", count: 64)])
        #expect(collected.leftovers == 2)
        #expect(access("\(lab.scratch.path)/store/data/foreign", F_OK) == 0)
        // An image that was cut from outside leads nowhere, and a new import mends it.
        truncate(image.path, 10)
        #expect(try store.image(ImageSelector("a")) == nil)
        let mended = try await imported(store, "a")
        #expect(try store.image(ImageSelector("a")) == mended)
        _ = try lab.scratch.file("store/users/x.json", "{")
        #expect(throws: ImageError.self) { try store.collect() }
    }

    @Test(arguments: ["", ".a", "a/b", "..", "a b", String(repeating: "a", count: 129)])
    func `what is no user's id is refused`(text: String) { #expect(ImageUser(text) == nil) }
}
