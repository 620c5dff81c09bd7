// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import TestSupport
import Testing

@testable import Images

/// Certificates are made by openssl for each test.
@Suite struct TLSStandInTests {
    private let scratch: ScratchFolder
    private let certificates: Certificates

    init() throws {
        scratch = try ScratchFolder()
        certificates = try Certificates(in: scratch)
    }

    private func lab(_ server: String, wantsClients: Bool = false) throws -> ImageLab {
        var tls = [certificates.path("\(server).pem"), certificates.path("\(server).key")]
        if wantsClients { tls.append(certificates.path("ca.pem")) }
        let lab = try ImageLab(scratch, tls: tls)
        try lab.image("x")
        return lab
    }

    private func pull(_ lab: ImageLab, _ profile: String) async throws -> StoredImage {
        let name = try lab.translate("https://127.0.0.1:\(lab.port)/ok/x", profile: profile)
        return try await ImagePuller(lab.store { $0.mostFailures = 2 }).pull(name)
    }

    @Test func `an unknown authority is refused, with what to do`() async throws {
        let lab = try lab("server")
        let error = await lab.failure { try await pull(lab, "{}") }
        #expect(error.code == .protocolFailure)
        #expect(error.advice?.contains("tls.certificates") == true)
        #expect(lab.log.isEmpty)
    }

    @Test func `a profile's authority is trusted`() async throws {
        let lab = try lab("server")
        let authority = try certificates.quoted("ca.pem")
        _ = try await pull(lab, "{tls: {certificates: [{cert: \(authority)}]}}")
        #expect(lab.log.count == 1)
    }

    @Test func `a certificate for another name is taken under that name alone`() async throws {
        let lab = try lab("named")
        let authority = try certificates.quoted("ca.pem")
        let error = await lab.failure {
            try await pull(lab, "{tls: {certificates: [{cert: \(authority)}]}}")
        }
        #expect(error.code == .protocolFailure)
        _ = try await pull(lab, "{tls: {certificates: [{cert: \(authority)}], serverName: images.internal}}")
        #expect(lab.log == ["GET /ok/x 200 Host=127.0.0.1:\(lab.port)"])
    }

    @Test func `insecure takes any certificate`() async throws {
        let lab = try lab("named")
        _ = try await pull(lab, "{tls: {insecure: true}}")
        #expect(lab.log.count == 1)
    }

    @Test func `a server that wants a certificate of ours gets it`() async throws {
        let lab = try lab("server", wantsClients: true)
        let authority = try certificates.quoted("ca.pem")
        let without = await lab.failure {
            try await pull(lab, "{tls: {certificates: [{cert: \(authority)}]}}")
        }
        #expect(without.code == .unreachable || without.code == .protocolFailure)
        let (own, key) = (try certificates.quoted("client.pem"), try certificates.quoted("client.key"))
        _ = try await pull(lab, "{tls: {certificates: [{cert: \(authority)}, {cert: \(own), key: \(key)}]}}")
        #expect(lab.log.count == 1)
    }

    @Test func `HTTPS goes through a profile's proxy, which sees no more than host and port`() async throws {
        let proxy = try ImageLab(ScratchFolder())
        let lab = try lab("named")
        let authority = try certificates.quoted("ca.pem")
        let name = try lab.translate(
            "https://images.internal:\(lab.port)/ok/x",
            profile:
                "{proxy: \"http://127.0.0.1:\(proxy.port)\", tls: {certificates: [{cert: \(authority)}]}}"
        )
        _ = try await ImagePuller(lab.store { $0.mostFailures = 2 }).pull(name)
        #expect(proxy.log == ["CONNECT images.internal:\(lab.port)"])
        #expect(lab.log == ["GET /ok/x 200 Host=images.internal:\(lab.port)"])
    }

    @Test func `a redirect to clear text needs a digest`() async throws {
        let plainScratch = try ScratchFolder()
        let plain = try ImageLab(plainScratch)
        let digest = try plain.image("x")
        let lab = try lab("server")
        let there = lab.encoded("http://localhost:\(plain.port)/ok/x")
        let profile = "{tls: {insecure: true}}"
        let name = try lab.translate("https://127.0.0.1:\(lab.port)/to/\(there)", profile: profile)
        let store = try lab.store()
        let error = await lab.failure {
            try await ImagePuller(store).pull(name)
        }
        #expect(error.cause.contains("from HTTPS to http://localhost"))
        let image = try await ImagePuller(store).pull(ImageReference("x@\(digest)"))
        #expect(image.digest == digest)
    }
}
