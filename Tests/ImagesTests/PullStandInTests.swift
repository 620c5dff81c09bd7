// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import Synchronization
import TestSupport
import Testing

@testable import Images

/// The server is a script of ours on the loopback.
@Suite struct PullStandInTests {
    private let lab: ImageLab

    init() throws { lab = try ImageLab() }

    @Test func `a pull stores content under its digest and names it`() async throws {
        let digest = try lab.image("x", kibibytes: 3000)
        let store = try lab.store()
        let phases = Mutex<[PullProgress]>([])
        let image = try await ImagePuller(store).pull(lab.name("ok/x:v1")) { progress in
            phases.withLock { $0.append(progress) }
        }
        #expect(image.digest == digest)
        #expect(image.repoTags == ["127.0.0.1:\(lab.port)/ok/x:v1"])
        #expect(image.repoDigests == ["127.0.0.1:\(lab.port)/ok/x@\(digest)"])
        #expect(image.format == .raw)
        #expect(image.virtualSize == 3000 << 10)
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: image.path)))
        #expect(ImageDigest(of: bytes) == digest)
        #expect(try store.image(.reference(lab.name("ok/x:v1"))) == image)
        #expect(try store.list() == [image])
        let seen = phases.withLock { $0 }
        #expect(seen.first?.phase == .loading)
        #expect(seen.first?.total == 3000 << 10)
        #expect(seen.last?.phase == .checking)
        #expect(seen.last?.received == 3000 << 10)
        #expect(lab.partials.isEmpty)
    }

    @Test func `unchanged content is not loaded again, under another name neither`() async throws {
        try lab.image("x")
        let puller = ImagePuller(try lab.store())
        let first = try await puller.pull(lab.name("ok/x"))
        let second = try await puller.pull(lab.name("ok/x:v2"))
        #expect(lab.log.map { $0.split(separator: " ")[2] } == ["200", "304"])
        #expect(second.digest == first.digest)
        #expect(second.names.count == 2)
        let demanded = try ImageReference("127.0.0.1:\(lab.port)/ok/x@\(first.digest)")
        let third = try await puller.pull(demanded)
        #expect(third.names.count == 3)
        #expect(lab.log.count == 2)
    }

    @Test func `new content takes the name, and the old goes`() async throws {
        let store = try lab.store()
        try lab.image("x", seed: 1)
        let old = try await ImagePuller(store).pull(lab.name("ok/x"))
        try lab.image("x", seed: 2)
        let new = try await ImagePuller(store).pull(lab.name("ok/x"))
        #expect(new.digest != old.digest)
        #expect(try store.list() == [new])
        #expect(access(old.path, F_OK) != 0)
    }

    @Test func `many pulls of one URL are one download`() async throws {
        try lab.image("x", kibibytes: 1024)
        let store = try lab.store()
        let puller = ImagePuller(store)
        try await withThrowingTaskGroup(of: ImageDigest.self) { group in
            for number in 0..<20 {
                let name = try lab.name("slow/x:t\(number % 4)")
                group.addTask { try await puller.pull(name).digest }
            }
            var digests: Set<ImageDigest> = []
            for try await digest in group { digests.insert(digest) }
            #expect(digests.count == 1)
        }
        #expect(lab.log.count == 1)
        #expect(try store.list().first?.names.count == 4)
        #expect(puller.waiting == 0)
    }

    @Test func `one who gives up does not stop the others, the last one does`() async throws {
        try lab.image("x", kibibytes: 4096)
        let store = try lab.store()
        let puller = ImagePuller(store)
        let name = try lab.name("slow/x")
        let (one, two) = (
            Task { try await puller.pull(name) }, Task { try await puller.pull(name) }
        )
        try await lab.wait("both wait and bytes come") {
            puller.waiting == 2 && !lab.log.isEmpty && lab.partials.count == 2
        }
        one.cancel()
        let first = await one.result
        #expect(throws: ImageError.self) { try first.get() }
        let image = try await two.value
        #expect(image.size == 4096 << 10)
        #expect(lab.log.count == 1)
        try store.remove(.reference(name), ifInUse: .refuse)

        let last = Task { try await puller.pull(name) }
        try await lab.wait("it loads") { lab.log.count == 2 && lab.partials.count == 2 }
        try await Task.sleep(for: .milliseconds(200))
        last.cancel()
        _ = await last.result
        // The part is free within a second, and a new pull goes on where it was.
        let again = try await puller.pull(name)
        #expect(again.digest == image.digest)
        #expect(lab.log.count == 3)
        #expect(lab.log[2].contains(" 206 Range=bytes="))
    }

    @Test func `a download that is cut goes on where it was`() async throws {
        let digest = try lab.image("x", kibibytes: 1000)
        let image = try await ImagePuller(lab.store()).pull(lab.name("cut/3/x"))
        #expect(image.digest == digest)
        #expect(lab.log.map { $0.split(separator: " ")[2] } == ["200", "206", "206", "206"])
    }

    @Test func `content that changed meanwhile is loaded anew, and mixed with nothing`() async throws {
        try lab.image("x", kibibytes: 1000, seed: 1)
        let store = try lab.store { $0.mostFailures = 1 }
        let failed = await lab.failure {
            try await ImagePuller(store).pull(lab.name("cut/1/x"))
        }
        #expect(failed.code == .unreachable)
        #expect(lab.partials.count == 2)
        let digest = try lab.image("x", kibibytes: 1000, seed: 2)
        let image = try await ImagePuller(lab.store()).pull(lab.name("cut/1/x"))
        #expect(image.digest == digest)
        #expect(lab.log.last?.contains(" 200 Range=bytes=512000-") == true)
    }

    @Test func `another part than asked for is refused`() async throws {
        try lab.image("x", kibibytes: 100)
        let error = await lab.failure {
            try await ImagePuller(lab.store()).pull(lab.name("wrongpart/x"))
        }
        #expect(error.cause.contains("another part"))
    }

    @Test func `what fails before a byte came is told at once, and the next pull asks again`() async throws {
        try lab.image("x")
        let puller = ImagePuller(try lab.store())
        for path in ["fail/1/x", "busy/x"] {
            let before = lab.log.count
            let error = await lab.failure { try await puller.pull(lab.name(path)) }
            #expect(error.code == .unreachable)
            #expect(lab.log.count == before + 1)
            _ = try await puller.pull(lab.name(path))
        }
    }

    @Test func `a cut download that nobody continues is told after one more try`() async throws {
        try lab.image("x", kibibytes: 1000)
        let puller = ImagePuller(try lab.store())
        let error = await lab.failure { try await puller.pull(lab.name("cutthenfail/x")) }
        #expect(error.code == .unreachable)
        #expect(lab.log.count == 2)
        #expect(error.cause.contains("after 2 tries"), "\(error)")
        // What came stays for the next pull.
        let image = try await puller.pull(lab.name("cutthenfail/x"))
        #expect(image.size == 1000 << 10)
        #expect(lab.log.last?.contains(" 206 Range=bytes=512000-") == true)
    }

    @Test(arguments: [
        ("fail/99/x", ImageError.Code.unreachable, 1), ("ok/none", .absent, 1),
        ("basic/ok/x", .unauthorized, 1),
        ("gzip/x", .protocolFailure, 1), ("redirect/10/ok/x", .protocolFailure, 10),
    ])
    func `what does not pass is an error of its kind`(
        path: String,
        code: ImageError.Code,
        requests: Int
    ) async throws {
        try lab.image("x")
        let error = await lab.failure {
            try await ImagePuller(lab.store()).pull(lab.name(path))
        }
        #expect(error.code == code)
        #expect(lab.log.count == requests)
        #expect(lab.partials.isEmpty)
    }

    @Test func `a server that nobody answers at is unreachable`() async throws {
        let error = await lab.failure {
            try await ImagePuller(lab.store()).pull(ImageReference("127.0.0.1:1/x"))
        }
        #expect(error.code == .unreachable)
        #expect(!error.cause.contains("tries"))
    }

    @Test func `redirects are followed to their limit`() async throws {
        try lab.image("x")
        _ = try await ImagePuller(lab.store()).pull(lab.name("redirect/9/ok/x"))
        #expect(lab.log.count == 10)
        let url = "http://127.0.0.1:\(lab.port)/redirect/2/ok/x"
        let limited = try lab.translate(url, profile: "{maxRedirects: 1}")
        let error = await lab.failure {
            try await ImagePuller(lab.store()).pull(limited)
        }
        #expect(error.cause.contains("more than 1 times"))
    }

    @Test func `credentials go to the first server alone`() async throws {
        try lab.image("x")
        // localhost is the same server, and another host.
        let there = lab.encoded("http://localhost:\(lab.port)/ok/x")
        let name = try lab.translate(
            "http://user:secret@127.0.0.1:\(lab.port)/basic/redirect/1/basic/to/\(there)"
        )
        _ = try await ImagePuller(lab.store()).pull(name)
        #expect(lab.log.count == 3)
        #expect(lab.log[0].contains("Authorization=Basic "))
        #expect(lab.log[1].contains("Authorization=Basic "))
        #expect(lab.log[2].contains("Host=localhost"))
        #expect(!lab.log[2].contains("Authorization"))
    }

    @Test func `CRI's credentials are sent, and never told`() async throws {
        try lab.image("x")
        let puller = ImagePuller(try lab.store())
        let basic = try await puller.pull(
            lab.name("basic/ok/x"),
            credentials: .fromCRI(username: "user", password: "secret")
        )
        let bearer = try await puller.pull(
            lab.name("bearer/ok/x"),
            credentials: .fromCRI(registryToken: "secret")
        )
        #expect(basic.digest == bearer.digest)
        let name = try lab.translate("http://user:secret2@127.0.0.1:\(lab.port)/basic/ok/x?secret2")
        let error = await lab.failure { try await puller.pull(name) }
        #expect(error.code == .unauthorized)
        #expect(!"\(error)".contains("secret2"))
        let kept = try Programs.succeed("/bin/sh", ["-c", "cat \(lab.scratch.path)/store/*/*.json"])
        #expect(!kept.contains("secret"))
    }

    @Test func `another digest than demanded leaves nothing`() async throws {
        try lab.image("x")
        let store = try lab.store()
        let name = try ImageReference(
            "127.0.0.1:\(lab.port)/ok/x@sha256:" + String(repeating: "0", count: 64)
        )
        let error = await lab.failure {
            try await ImagePuller(store).pull(name)
        }
        #expect(error.code == .digestMismatch)
        #expect(try store.list().isEmpty)
        #expect(lab.partials.isEmpty)
    }

    @Test func `a malicious image leaves nothing`() async throws {
        try Programs.succeed(
            "/usr/bin/qemu-img",
            [
                "create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw",
                "\(lab.scratch.path)/www/x", "1M",
            ]
        )
        let store = try lab.store()
        let error = await lab.failure {
            try await ImagePuller(store).pull(lab.name("ok/x"))
        }
        #expect(error.code == .refused)
        #expect(error.cause.contains("backing file"))
        #expect(try store.list().isEmpty)
        #expect(lab.partials.isEmpty)
    }

    @Test func `the disk's reserve is kept, before a download and during it`() async throws {
        try lab.image("x", kibibytes: 100)
        let full = try lab.store { $0.reservedBytes = 1 << 60 }
        for path in ["ok/x", "endless/x"] {
            let error = await lab.failure {
                try await ImagePuller(full).pull(lab.name(path))
            }
            #expect(error.code == .noSpace)
        }
        let small = try lab.store { $0.limits.mostBytes = 50 << 20 }
        let error = await lab.failure {
            try await ImagePuller(small).pull(lab.name("endless/x"))
        }
        #expect(error.code == .refused)
        #expect(lab.partials.isEmpty)
    }

    @Test func `a server that stalls is given up in time`() async throws {
        try lab.image("x", kibibytes: 1000)
        let limited = try lab.translate("http://127.0.0.1:\(lab.port)/stall/x", profile: "{timeout: 1500}")
        let late = await lab.failure {
            try await ImagePuller(lab.store()).pull(limited)
        }
        #expect(late.code == .unreachable)
        #expect(late.cause.contains("1500 ms"))
        let slow = await lab.failure {
            try await ImagePuller(
                lab.store {
                    $0.slowSeconds = 2
                    $0.mostFailures = 1
                }
            ).pull(lab.name("stall/x"))
        }
        #expect(slow.code == .unreachable)
        // In these words we gave up, and the server did not end it: a clock would count this test's wait for its turn, too.
        #expect(slow.cause.contains("too slow"), "\(slow.cause)")
    }

    @Test func `a profile's proxy is asked with the whole URL`() async throws {
        try lab.image("x")
        let name = try lab.translate(
            "http://images.invalid/ok/x",
            profile: "{proxy: \"http://127.0.0.1:\(lab.port)\"}"
        )
        _ = try await ImagePuller(lab.store()).pull(name)
        #expect(lab.log == ["GET http://images.invalid/ok/x 200 Host=images.invalid"])
    }

    @Test func `a collection leaves running downloads alone, and keeps what can go on`() async throws {
        try lab.image("x", kibibytes: 2048)
        let store = try lab.store()
        let puller = ImagePuller(store)
        let name = try lab.name("slow/x")
        let pull = Task { try await puller.pull(name) }
        try await lab.wait("it loads") { lab.partials.count == 2 }
        for _ in 0..<20 { try store.collect(allPartials: true) }
        let image = try await pull.value
        #expect(image.size == 2048 << 10)
        #expect(lab.log.count == 1)
        // What a killed process leaves: a part that can go on, one that can't, temporary files.
        for file in ["a.part", "a.part.json", "b.part", "c.part.json"] {
            _ = try lab.scratch.file("store/partial/\(file)", "x")
        }
        _ = try lab.scratch.file("store/names/.x.json.new", "x")
        let collected = try store.collect()
        #expect(collected.leftovers == 3)
        #expect(lab.partials == ["a.part", "a.part.json"])
        try store.collect(allPartials: true)
        #expect(lab.partials.isEmpty)
        #expect(try store.list() == [image])
    }
}
