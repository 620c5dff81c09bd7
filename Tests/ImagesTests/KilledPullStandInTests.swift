// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import TestSupport
import Testing

@testable import Images

/// The built vmctl is killed at each system call that changes something, and at random moments.
@Suite(.serialized) struct KilledPullStandInTests {
    private let lab: ImageLab
    private let vmctl: String
    private let store: ImageStore

    init() throws {
        lab = try ImageLab()
        vmctl = try Programs.path("vmctl")
        store = try lab.store()
    }

    private var environment: [String: String] {
        [
            "CONTRAIL_VM_STATE_DIR": "\(lab.scratch.path)/state",
            "CONTRAIL_VM_IMAGE_DIR": store.settings.folder,
            "CONTRAIL_VM_IMAGE_TRANSLATION_DIR": store.settings.translationsFolder,
            "CONTRAIL_VM_IMAGE_LOCAL_ADDRESSES": "127.0.0.1:\(lab.port)",
            "CONTRAIL_VM_IMAGE_DOWNLOAD_PROTOCOL": "http", "CONTRAIL_VM_IMAGE_RESERVE": "0",
        ]
    }

    /// Nothing that is listed may be wrong, and nothing may be left that a collection does not remove.
    private func checkConsistency(_ known: Set<ImageDigest>) throws {
        for image in try store.list() {
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: image.path)))
            #expect(ImageDigest(of: bytes) == image.digest)
            #expect(known.contains(image.digest))
        }
        try store.collect(allPartials: true)
        #expect(lab.partials.isEmpty)
        let images = try store.list()
        let hexes = Set(images.map(\.digest.hex))
        let data = try FileManager.default.contentsOfDirectory(atPath: store.dataFolder)
        #expect(Set(data) == hexes)
        let records = try FileManager.default.contentsOfDirectory(atPath: store.recordsFolder)
        #expect(Set(records) == Set(hexes.map { "\($0).json" }))
        #expect(images.allSatisfy { !$0.names.isEmpty })
        let names = try FileManager.default.contentsOfDirectory(atPath: store.namesFolder)
        #expect(names.count == images.reduce(0) { $0 + $1.names.count })
    }

    @Test(arguments: ["pwrite64", "ftruncate", "fsync", "fchmod", "rename", "unlink", "mkdir"])
    func `a pull that is killed before any change leaves a whole store`(call: String) throws {
        let old = try lab.image("x", kibibytes: 700, seed: 1)
        let name = try lab.name("ok/x").description
        var kills = 0
        for number in 1...60 {
            // Each round replaces what the round before brought, or the first content.
            let digest = try lab.image("x", kibibytes: 700, seed: UInt8(number % 2 + 2))
            let run = try Programs.run(
                "/usr/bin/strace",
                [
                    "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(number)", vmctl, "pull", "-q", name,
                ],
                environment: environment
            )
            let known: Set = [
                old, digest, try lab.image("y", kibibytes: 700, seed: UInt8((number + 1) % 2 + 2)),
            ]
            try checkConsistency(known)
            if run.status == 0 { break }
            kills += 1
            #expect(run.status == 137, "\(run.errors)")
        }
        // A new store makes folders; in one that is there, none is made.
        #expect(kills > 0 || call == "mkdir")
        #expect(kills < 60)
        let run = try Programs.run(vmctl, ["pull", "-q", name], environment: environment)
        #expect(run.status == 0, "\(run.errors)")
        try checkConsistency([ImageDigest(run.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? old])
    }

    @Test func `a pull that is killed at random moments goes on where it was`() throws {
        let digest = try lab.image("x", kibibytes: 4096)
        let name = try lab.name("slow/x").description
        for _ in 0..<5 {
            let started = try Programs.start(vmctl, ["pull", "-q", name], environment: environment)
            usleep(UInt32.random(in: 200_000...1_200_000))
            started.process.kill()
            _ = started.result()
            try store.collect()
        }
        let run = try Programs.run(vmctl, ["pull", "-q", name], environment: environment)
        #expect(run.output == "\(digest)\n")
        #expect(lab.log.contains { $0.contains(" 206 ") })
        // The bytes that were sent again are at most those that a killed process had not written yet.
        let offsets = lab.log.compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("Range=bytes=") }
                .flatMap { Int($0.dropFirst("Range=bytes=".count).dropLast()) }
        }
        #expect(offsets == offsets.sorted())
        #expect((offsets.last ?? 0) > 0)
        try checkConsistency([digest])
    }

    @Test func `two processes load one URL once`() throws {
        let digest = try lab.image("x", kibibytes: 2048)
        let name = try lab.name("slow/x").description
        let started = try (0..<3).map { _ in
            try Programs.start(vmctl, ["pull", name], environment: environment)
        }
        let runs = started.map { $0.result() }
        for run in runs { #expect(run.output == "\(digest)\n") }
        #expect(lab.log.filter { $0.contains(" 200 ") }.count == 1)
        #expect(lab.log.filter { $0.contains(" 304 ") }.count == 2)
        #expect(runs.filter { $0.errors.contains("waiting for another process") }.count == 2)
    }

    @Test func `an import that is killed leaves a whole store`() throws {
        let digest = try lab.image("x", kibibytes: 2048)
        var kills = 0
        for call in ["pwrite64", "fsync", "rename"] {
            for number in 1...60 {
                let run = try Programs.run(
                    "/usr/bin/strace",
                    [
                        "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                        "inject=\(call):signal=KILL:when=\(number)", vmctl, "image", "import",
                        "\(lab.scratch.path)/www/x", "--name", "n\(number)",
                    ],
                    environment: environment
                )
                try checkConsistency([digest])
                if run.status == 0 { break }
                kills += 1
            }
        }
        #expect(kills >= 5)
    }

    @Test func `the commands tell what they did`() throws {
        let digest = try lab.image("x")
        func vmctl(_ arguments: String...) throws -> Programs.Run {
            try Programs.run(self.vmctl, arguments, environment: environment)
        }
        let imported = try vmctl("image", "import", "\(lab.scratch.path)/www/x", "--name", "a:1")
        #expect(imported.output == "\(digest)\n")
        let list = try vmctl("image", "list")
        #expect(list.output.contains("a:1   \(digest.hex.prefix(12))  raw     64.0 KiB  64.0 KiB"))
        let info = try vmctl("image", "info", "a:1")
        #expect(info.output.contains(digest.description))
        let pinned = try vmctl("image", "pin", "a:1")
        #expect(pinned.status == 0)
        #expect(try vmctl("image", "info", "a:1").output.contains("pinned  yes"))
        let pulled = try vmctl("pull", lab.name("ok/none").description)
        #expect(pulled.status == 1)
        #expect(pulled.errors.contains("the server answers 404"))
        let removed = try vmctl("image", "rm", "a:1")
        #expect(removed.status == 0)
        #expect(try vmctl("image", "list", "-q").output == "")
        let store = try vmctl("image", "info")
        #expect(store.output.contains("images  0"))
        let collected = try vmctl("image", "gc")
        #expect(collected.errors.contains("0 images"))
    }
}
