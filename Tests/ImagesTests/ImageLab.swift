// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostPrograms
import ImageFormats
import NetworkTypes
import Synchronization
import TestSupport
import Testing

@testable import Images

/// A server with images, and a store that pulls from it.
final class ImageLab: Sendable {
    let scratch: ScratchFolder
    let port: Int
    private let server: TestProcess

    /// Starts a server; with a certificate it speaks TLS.
    init(_ scratch: ScratchFolder, tls: [String] = []) throws {
        self.scratch = scratch
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/www",
            withIntermediateDirectories: true
        )
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/image-server.py"
        server = try TestProcess(["python3", script, "\(scratch.path)/www"] + tls)
        let end = Date().addingTimeInterval(20)
        var number: Int?
        while number == nil, Date() < end {
            number = (try? String(contentsOfFile: "\(scratch.path)/www/port", encoding: .utf8)).flatMap {
                Int($0)
            }
            usleep(10_000)
        }
        guard let number else { throw Absent() }
        port = number
    }

    convenience init() throws { try self.init(ScratchFolder()) }

    deinit {
        server.kill()
        server.waitUntilExit()
    }

    /// Makes a raw image with a boot sector, different for each seed; returns its digest.
    @discardableResult
    func image(_ name: String, kibibytes: Int = 64, seed: UInt8 = 1) throws -> ImageDigest {
        var bytes = [UInt8](repeating: seed, count: kibibytes * 1024)
        for place in stride(from: 0, to: bytes.count, by: 97) {
            bytes[place] = UInt8(truncatingIfNeeded: place / 97)
        }
        bytes[0] = seed
        bytes.replaceSubrange(446..<510, with: [UInt8](repeating: 0, count: 64))
        bytes.replaceSubrange(510..<512, with: [0x55, 0xaa])
        try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/www/\(name)"))
        return ImageDigest(of: bytes)
    }

    var settings: ImageSettings {
        var settings = ImageSettings(
            folder: "\(scratch.path)/store",
            qemuImg: HostProgram("/usr/bin/qemu-img")
        )
        settings.translationsFolder = "\(scratch.path)/translations"
        settings.downloadProtocol = .http
        // As an operator would whose server is on the node: it, and no other service there.
        settings.localAddresses = ["127.0.0.1", "::1"].compactMap { EndpointRange($0) }
        settings.reservedBytes = 0
        settings.firstPauseMilliseconds = 10
        return settings
    }

    func store(_ change: (inout ImageSettings) -> Void = { _ in }) throws -> ImageStore {
        var settings = settings
        change(&settings)
        return try ImageStore(settings)
    }

    /// The name of what the server has at a path, without translation.
    func name(_ path: String) throws -> ImageReference { try ImageReference("127.0.0.1:\(port)/\(path)") }

    /// Lets the name `x` lead to a URL.
    func translate(_ url: String, profile: String = "{}") throws -> ImageReference {
        _ = try scratch.file(
            "translations/x.yaml",
            "translations: [{name: x, url: \"\(url)\", transport: t}]\ntransports: {t: \(profile)}\n"
        )
        return try ImageReference("x")
    }

    /// A URL as the server's path `to` takes it.
    func encoded(_ url: String) -> String {
        Data(url.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }

    /// What the server was asked: a line a request.
    var log: [String] {
        let text = try? String(contentsOfFile: "\(scratch.path)/www/log", encoding: .utf8)
        return text?.split(separator: "\n").map(String.init) ?? []
    }

    /// What is below the store's folder `partial`.
    var partials: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/store/partial")) ?? [])
            .sorted()
    }

    /// Runs a pull that must fail.
    func failure(_ body: () async throws -> StoredImage) async -> ImageError {
        do {
            let image = try await body()
            Issue.record("pulled \(image.digest)")
        } catch let error as ImageError {
            return error
        } catch {
            Issue.record("another error: \(error)")
        }
        return ImageError(.system, "fail", "it succeeded")
    }

    /// Waits until something holds, at most 20 s.
    func wait(_ what: String, until condition: () throws -> Bool) async throws {
        for _ in 0..<2000 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("never: \(what)")
    }
}

/// Keys and certificates made by openssl, valid for a day.
struct Certificates {
    let folder: String

    init(in scratch: ScratchFolder) throws {
        folder = "\(scratch.path)/tls"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try make("ca", "-subj", "/CN=test authority", "-addext", "basicConstraints=critical,CA:TRUE")
        try make("server", "-subj", "/CN=s", "-addext", "subjectAltName=IP:127.0.0.1", signed: true)
        try make("named", "-subj", "/CN=n", "-addext", "subjectAltName=DNS:images.internal", signed: true)
        try make("client", "-subj", "/CN=c", signed: true)
    }

    private func make(_ name: String, _ options: String..., signed: Bool = false) throws {
        var arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "1",
            "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem",
        ]
        if signed {
            arguments += [
                "-CA", "\(folder)/ca.pem", "-CAkey", "\(folder)/ca.key", "-addext",
                "basicConstraints=critical,CA:FALSE",
            ]
        }
        try Programs.succeed("/usr/bin/openssl", arguments + options)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// A file's text as YAML in double quotes.
    func quoted(_ name: String) throws -> String {
        let text = try String(contentsOfFile: path(name), encoding: .utf8)
        return "\"" + text.replacing("\n", with: "\\n") + "\""
    }
}
