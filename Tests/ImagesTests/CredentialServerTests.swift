// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import Testing

@testable import Images

@Suite struct CredentialServerTests {
    @Test(arguments: [
        ("example.com", "https://example.com/x", true),
        ("https://example.com", "https://example.com/x", true),
        ("https://example.com/v1/", "https://EXAMPLE.com./x", true),
        ("example.com:443", "https://example.com/x", true),
        ("example.com:5000", "https://example.com:5000/x", true),
        ("http://example.com", "http://example.com/x", true),
        ("[::1]:5000", "http://[::1]:5000/x", true), ("::1", "http://[::1]/x", true),
        ("https://index.docker.io/v1/", "https://docker.io/x", true),
        ("docker.io", "https://registry-1.docker.io/x", true),
        ("docker.io", "https://example.com/x", false),
        ("https://index.docker.io/v1/", "https://example.com/x", false),
        ("example.com", "https://example.com.evil.org/x", false),
        ("example.com", "https://a.example.com/x", false),
        ("example.com", "https://example.com:5000/x", false),
        ("example.com:5000", "https://example.com/x", false),
        ("https://example.com", "http://example.com/x", false),
        ("evil.org@example.com", "https://evil.org/x", false),
        ("", "https://example.com/x", false), ("https://", "https://example.com/x", false),
        ("example.com:x", "https://example.com/x", false), ("*", "https://example.com/x", false),
    ])
    func `credentials are for one host and port`(server: String, url: String, isFor: Bool) throws {
        #expect(CredentialServer.named(server).covers(try DownloadURL(url)) == isFor)
    }

    @Test(arguments: [
        ("example.com/x", "https://example.com/x", true),
        ("example.com:5000/x", "https://example.com:5000/x", true),
        ("example.com/x", "https://mirror.example.org/x", false), ("debian", "https://example.com/x", false),
        ("library/debian", "https://example.com/x", false), ("debian", "https://docker.io/x", true),
        ("localhost/x", "https://localhost/x", true),
    ])
    func `credentials without a server are for the one that the name begins with`(
        name: String,
        url: String,
        isFor: Bool
    ) throws {
        let server = CredentialServer.ofName(try ImageReference(name))
        #expect(server.covers(try DownloadURL(url)) == isFor)
    }

    @Test func `an operator's credentials are for any server`() throws {
        #expect(CredentialServer.any.covers(try DownloadURL("http://127.0.0.1:1/")))
    }
}

/// The server is a script of ours on the loopback.
@Suite struct PrivateImageStandInTests {
    private let lab: ImageLab
    private let store: ImageStore
    private let right: Credentials
    private let wrong: Credentials

    init() throws {
        lab = try ImageLab()
        store = try lab.store()
        right = .basic(user: "user", password: "secret")
        wrong = .basic(user: "user", password: "guess")
    }

    @Test func `another server's credentials are not sent, and the error says so`() async throws {
        try lab.image("x")
        let puller = ImagePuller(store)
        let error = await lab.failure {
            try await puller.pull(
                lab.name("basic/ok/x"),
                credentials: right,
                for: .named("https://index.docker.io/v1/")
            )
        }
        #expect(error.code == .unauthorized)
        #expect(
            error.advice?.contains("are for index.docker.io:443 and were not sent to 127.0.0.1:\(lab.port)")
                == true
        )
        #expect(!lab.log.contains { $0.contains("Authorization") })
        // What needs none is pulled without any.
        _ = try await puller.pull(lab.name("ok/x"), credentials: right, for: .named("docker.io"))
        #expect(!lab.log.contains { $0.contains("Authorization") })
        _ = try await puller.pull(
            lab.name("basic/ok/x"),
            credentials: right,
            for: .named("http://127.0.0.1:\(lab.port)/v1")
        )
        #expect(lab.log.last?.contains("Authorization") == true)
    }

    @Test func `the store answers for those credentials alone that the name was pulled with`() async throws {
        let digest = try lab.image("x")
        let puller = ImagePuller(store)
        let name = try ImageReference("127.0.0.1:\(lab.port)/basic/ok/x@\(digest)")
        _ = try await puller.pull(name, credentials: right)
        #expect(lab.log.count == 1)
        _ = try await puller.pull(name, credentials: right)
        #expect(lab.log.count == 1)
        for other in [wrong, .bearer("secret"), nil] {
            let before = lab.log.count
            let error = await lab.failure { try await puller.pull(name, credentials: other) }
            #expect(error.code == .unauthorized)
            #expect(lab.log.count == before + 1)
        }
        // Another process knows no credentials: the server is asked, and need not send the image again.
        let other = ImagePuller(try lab.store())
        _ = try await other.pull(name, credentials: right)
        #expect(lab.log.last?.contains(" 304 ") == true)
        let before = lab.log.count
        _ = try await other.pull(name, credentials: right)
        #expect(lab.log.count == before)
    }

    @Test func `a digest opens no other name's content`() async throws {
        let digest = try lab.image("x")
        let puller = ImagePuller(store)
        _ = try await puller.pull(lab.name("basic/ok/x"), credentials: right)
        let other = try ImageReference("127.0.0.1:\(lab.port)/ok/none@\(digest)")
        for credentials in [right, nil] {
            let error = await lab.failure { try await puller.pull(other, credentials: credentials) }
            #expect(error.code == .absent)
        }
        #expect(try store.image(.digest(digest))?.names.count == 1)
    }

    @Test func `what was pulled without credentials, or imported, is everybody's`() async throws {
        let digest = try lab.image("x")
        let puller = ImagePuller(store)
        _ = try await puller.pull(lab.name("ok/x"))
        let name = try ImageReference("127.0.0.1:\(lab.port)/ok/x@\(digest)")
        _ = try await puller.pull(name, credentials: wrong)
        _ = try await ImagePuller(lab.store()).pull(name)
        #expect(lab.log.count == 1)
        let file = try lab.image("y", seed: 3)
        _ = try await store.importFile("\(lab.scratch.path)/www/y", as: ImageReference("local"))
        let image = try await puller.pull(ImageReference("local@\(file)"))
        #expect(image.digest == file)
        #expect(lab.log.count == 1)
    }

    @Test func `digests are shown under names alone that were pulled`() async throws {
        let digest = try lab.image("x")
        _ = try await ImagePuller(store).pull(lab.name("ok/x"))
        let image = try await store.importFile("\(lab.scratch.path)/www/x", as: ImageReference("local"))
        #expect(image.repoTags == ["127.0.0.1:\(lab.port)/ok/x:latest", "local:latest"])
        #expect(image.repoDigests == ["127.0.0.1:\(lab.port)/ok/x@\(digest)"])
        // A name that demands the digest is proven.
        let proven = try await store.importFile(
            "\(lab.scratch.path)/www/x",
            as: ImageReference("other@\(digest)")
        )
        #expect(proven.repoDigests == ["127.0.0.1:\(lab.port)/ok/x@\(digest)", "other@\(digest)"])
    }
}
