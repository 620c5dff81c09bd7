// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Foundation
import NetworkTypes
import Pods

extension GuestDescription {
    /// What the guest of a container is told by cloud-init.
    init(_ container: ContainerRecord, in sandbox: SandboxRecord) throws(PodServiceError) {
        try self.init(
            container.configuration,
            in: sandbox.configuration,
            instanceID: container.shape.systemUUID ?? container.uuid
        )
    }

    /// What the guest of a container is told by cloud-init; reads the volumes that kubelet made for it.
    ///
    /// - Throws: What can't be meant, by the annotation, the variable or the file.
    init(
        _ container: ContainerConfiguration,
        in sandbox: PodSandboxConfiguration,
        instanceID: String
    ) throws(PodServiceError) {
        let annotations = Annotations(sandbox.annotations)
        let volumes = try KubeletVolumes(container.mounts, podUID: sandbox.metadata.uid)
        if let device = container.devices.first {
            throw PodServiceError(
                .invalidArgument,
                "the device \"\(PodServiceError.shortened(device.containerPath))\" (volumeDevices) can't be given to a VM: leave it out"
            )
        }
        self.init(
            instanceID: instanceID,
            hostname: sandbox.hostname.isEmpty ? sandbox.metadata.name : sandbox.hostname
        )
        layout = try annotations.layout()
        sshKeys = try annotations.sshKeys(volumes)
        metaData = try annotations.userText("VirtletCloudInitMetaData")
        (userData, userSettings) = try annotations.userData(volumes)
        files = try volumes.files + annotations.files(volumes)
        if let environment = try Self.environment(container.environment) { files.append(environment) }
        if annotations.isTrue("VirtletForceDHCPNetworkConfig") { addressing = .image }
        dns = try sandbox.dns.map(Self.resolver)
    }

    private static func environment(_ variables: [EnvironmentVariable]) throws(PodServiceError) -> GuestFile?
    {
        var texts: [(name: String, value: String)] = []
        var bytes = 0
        for variable in variables {
            bytes += variable.name.utf8.count + variable.value.count
            guard bytes <= UserText.mostBytes else {
                throw PodServiceError(
                    .invalidArgument,
                    "the environment variables have more than \(UserText.mostBytes) bytes together, the first that is too much "
                        + "is \"\(PodServiceError.shortened(variable.name))\": mount a secret or config map instead"
                )
            }
            guard let value = String(validating: variable.value, as: UTF8.self), !value.utf8.contains(0)
            else {
                throw PodServiceError(
                    .invalidArgument,
                    "the environment variable \"\(PodServiceError.shortened(variable.name))\" is not UTF-8 text without NUL, "
                        + "as \(GuestFile.environmentPath) needs it: mount a secret or config map instead"
                )
            }
            texts.append((variable.name, value))
        }
        return GuestFile.environment(texts)
    }

    static func resolver(_ asked: PodDNS) throws(PodServiceError) -> DNS {
        var servers: [IPAddress] = []
        for text in asked.servers {
            guard let address = IPAddress(text) else {
                throw PodServiceError(
                    .invalidArgument,
                    "the DNS server \"\(PodServiceError.shortened(text))\" is not an IP address"
                )
            }
            servers.append(address)
        }
        for (field, words) in [("search", asked.searches), ("option", asked.options)] {
            for word in words where !isWord(word) {
                throw PodServiceError(
                    .invalidArgument,
                    "the DNS \(field) \"\(PodServiceError.shortened(word))\" can't stand in resolv.conf: it must be 1 to 256 letters, digits and . : - _ /"
                )
            }
        }
        return DNS(servers: servers, search: asked.searches, options: asked.options)
    }

    /// Whether a text is a word of resolv.conf(5), which knows no quotes.
    private static func isWord(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: ".:-_/".utf8.contains(byte)
                }
            }
    }
}

/// Virtlet's annotations for cloud-init.
private struct Annotations {
    private let texts: [String: String]

    init(_ texts: [String: String]) { self.texts = texts }

    func isTrue(_ name: String) -> Bool { texts[name] == "true" }

    func text(_ name: String) throws(PodServiceError) -> String? {
        guard let text = texts[name], !text.isEmpty else { return nil }
        guard text.utf8.count <= UserText.mostBytes else {
            throw Self.refusal(name, "is longer than \(UserText.mostBytes) bytes")
        }
        guard !text.utf8.contains(0) else { throw Self.refusal(name, "has a NUL in it") }
        return text
    }

    func userText(_ name: String) throws(PodServiceError) -> UserText? {
        try text(name).map { UserText($0, from: "the annotation \(name)") }
    }

    func layout() throws(PodServiceError) -> Seed.Layout {
        let name = "VirtletCloudInitImageType"
        guard let text = try text(name) else { return .noCloud }
        guard let layout = Seed.Layout(rawValue: text.lowercased()) else {
            throw Self.refusal(
                name,
                "is \"\(PodServiceError.shortened(text))\": write nocloud or configdrive"
            )
        }
        return layout
    }

    /// Keys, a line each: those of the source first, unless they are to be overwritten.
    func sshKeys(_ volumes: KubeletVolumes) throws(PodServiceError) -> [String] {
        let own = try text("VirtletSSHKeys").map(Self.lines)
        let name = "VirtletSSHKeySource"
        guard let source = try text(name), own == nil || !overwrites else { return own ?? [] }
        var parts = parts(source)
        if parts.count == 2 { parts.append("authorized_keys") }
        guard parts.count == 3 else {
            throw Self.refusal(
                name,
                "is \"\(PodServiceError.shortened(source))\": write configmap/NAME, configmap/NAME/KEY, secret/NAME or secret/NAME/KEY"
            )
        }
        let volume = try volume(parts[0], parts[1], volumes, name)
        return Self.lines(try Self.text(parts[2], in: volume, name)) + (own ?? [])
    }

    /// The user-data that is a text of any form, and the settings that are merged.
    func userData(_ volumes: KubeletVolumes) throws(PodServiceError) -> (UserText?, [UserText]) {
        let script = try packedText("VirtletCloudInitUserDataScript")
        let settings = try userText("VirtletCloudInitUserData").map { [$0] } ?? []
        let name = "VirtletCloudInitUserDataSource"
        let encoding = try encoding()
        let key = try text("VirtletCloudInitUserDataSourceKey")
        guard let source = try text(name) else {
            guard key == nil else {
                throw Self.refusal(
                    "VirtletCloudInitUserDataSourceKey",
                    "is a key of \(name), which is not there"
                )
            }
            return (script, settings)
        }
        guard !overwrites || script == nil && settings.isEmpty else { return (script, settings) }
        let volume = try volume(source, volumes, name)
        guard let key else {
            var sources: [UserText] = []
            for file in volume.contents where !file.name.contains("/") {
                sources.append(
                    UserText(try Self.text(file.name, in: volume, name), from: source, key: file.name)
                )
            }
            return (script, sources + settings)
        }
        guard script == nil else {
            throw Self.refusal(
                "VirtletCloudInitUserDataScript",
                "and VirtletCloudInitUserDataSourceKey are each the whole user-data: leave one out, "
                    + "or set VirtletCloudInitUserDataOverwrite to take the script"
            )
        }
        var bytes = try Self.bytes(key, in: volume, "VirtletCloudInitUserDataSourceKey")
        if encoding == .base64 {
            guard let decoded = String(validating: bytes, as: UTF8.self).flatMap(Self.decoded) else {
                throw Self.refusal(
                    Self.encodingName,
                    "says base64, and the key \"\(PodServiceError.shortened(key))\" of \(source) has a character that is not of base64"
                )
            }
            bytes = decoded
        }
        return (try Self.packed(bytes, "\(source), the key \(PodServiceError.shortened(key))"), settings)
    }

    /// A text that gzip may have packed.
    private func packedText(_ name: String) throws(PodServiceError) -> UserText? {
        guard let text = try text(name) else { return nil }
        return try Self.packed(Array(text.utf8), "the annotation \(name)")
    }

    private static func packed(_ bytes: [UInt8], _ source: String) throws(PodServiceError) -> UserText {
        do throws(CloudInitError) {
            return try UserText(packed: bytes, from: source)
        } catch {
            throw PodServiceError(.invalidArgument, error.description)
        }
    }

    /// The files that a source has: each under a key X, its path under X_path, and how it is written under X_encoding.
    func files(_ volumes: KubeletVolumes) throws(PodServiceError) -> [GuestFile] {
        let name = "VirtletFilesFromDataSource"
        guard let source = try text(name) else { return [] }
        let volume = try volume(source, volumes, name)
        let keys = Set(volume.contents.map(\.name))
        var files: [GuestFile] = []
        for file in volume.contents {
            let shown = PodServiceError.shortened(file.name)
            guard keys.contains(file.name + "_path") else {
                let isOfAnother = ["_path", "_encoding"].contains { suffix in
                    file.name.hasSuffix(suffix) && keys.contains(String(file.name.dropLast(suffix.count)))
                }
                if isOfAnother { continue }
                throw Self.refusal(name, "leads to the key \"\(shown)\" without a key \"\(shown)_path\"")
            }
            let path = try Self.text(file.name + "_path", in: volume, name)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            // What the API gave as a secret is decoded already.
            var encoding = parts(source)[0] == "secret" ? Encoding.plain : .base64
            if keys.contains(file.name + "_encoding") {
                let text = try Self.text(file.name + "_encoding", in: volume, name)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                guard let asked = Encoding(rawValue: text) else {
                    throw Self.refusal(
                        name,
                        "leads to the key \"\(shown)_encoding\", which says neither plain nor base64"
                    )
                }
                encoding = asked
            }
            var bytes: [UInt8]? = file.bytes
            if encoding == .base64 {
                bytes = String(validating: file.bytes, as: UTF8.self).flatMap(Self.decoded)
            }
            guard let bytes else {
                throw Self.refusal(
                    name,
                    "leads to the key \"\(shown)\", which is not base64: where it is the file itself, set \"\(shown)_encoding\" to plain"
                )
            }
            files.append(
                GuestFile(
                    path: try KubeletVolumes.guestPath(
                        path.hasPrefix("/") ? path : "/" + path,
                        "key \"\(shown)_path\" of the annotation \(name)"
                    ),
                    bytes: bytes
                )
            )
        }
        return files
    }

    private var overwrites: Bool { isTrue("VirtletCloudInitUserDataOverwrite") }

    private enum Encoding: String {
        case plain
        case base64
    }

    private static let encodingName = "VirtletCloudInitUserDataSourceEncoding"

    private func encoding() throws(PodServiceError) -> Encoding {
        guard let text = try text(Self.encodingName) else { return .plain }
        guard let encoding = Encoding(rawValue: text) else {
            throw Self.refusal(
                Self.encodingName,
                "is \"\(PodServiceError.shortened(text))\": write plain or base64"
            )
        }
        return encoding
    }

    private static func decoded(_ text: String) -> [UInt8]? {
        // Lines may be broken anywhere; any other byte means that it is something else.
        let bytes = text.utf8.filter { !" \t\r\n".utf8.contains($0) }
        return Data(base64Encoded: Data(bytes)).map { [UInt8]($0) }
    }

    private func parts(_ source: String) -> [String] {
        source.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    /// The volume of the config map or secret that an annotation names as a whole.
    private func volume(
        _ source: String,
        _ volumes: KubeletVolumes,
        _ annotation: String
    ) throws(PodServiceError) -> KubeletVolume {
        let parts = parts(source)
        guard parts.count == 2 else {
            throw Self.refusal(
                annotation,
                "is \"\(PodServiceError.shortened(source))\": write configmap/NAME or secret/NAME"
            )
        }
        return try volume(parts[0], parts[1], volumes, annotation)
    }

    /// The volume of a config map or secret: a runtime has no other way to one.
    private func volume(
        _ kind: String,
        _ object: String,
        _ volumes: KubeletVolumes,
        _ annotation: String
    ) throws(PodServiceError) -> KubeletVolume {
        let field = ["configmap": "configMap.name", "secret": "secret.secretName"][kind]
        guard let field, !object.isEmpty, let wanted = KubeletVolume.Kind(rawValue: kind) else {
            throw Self.refusal(
                annotation,
                "is \"\(PodServiceError.shortened("\(kind)/\(object)"))\": write configmap/NAME or secret/NAME"
            )
        }
        // Names of volumes have no dots.
        let name = object.replacing(".", with: "-")
        guard let volume = volumes.all.first(where: { $0.kind == wanted && $0.name == name }) else {
            let shown = PodServiceError.shortened(object)
            throw Self.refusal(
                annotation,
                "names the \(kind) \"\(shown)\", which only a volume brings to this runtime: give the pod a volume with the "
                    + "name \(PodServiceError.shortened(name)) and \(field): \(shown), and the container a volumeMount of it, without subPath"
            )
        }
        return volume
    }

    private static func bytes(
        _ key: String,
        in volume: KubeletVolume,
        _ annotation: String
    ) throws(PodServiceError) -> [UInt8] {
        guard let file = volume.contents.first(where: { $0.name == key }) else {
            throw refusal(
                annotation,
                "leads to no key \"\(PodServiceError.shortened(key))\": the volume \(volume.name) has no such file"
            )
        }
        return file.bytes
    }

    private static func text(
        _ key: String,
        in volume: KubeletVolume,
        _ annotation: String
    ) throws(PodServiceError) -> String {
        let bytes = try bytes(key, in: volume, annotation)
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw refusal(
                annotation,
                "leads to the file \(PodServiceError.shortened(key)) of the volume \(volume.name), which is not UTF-8 text"
            )
        }
        return text
    }

    private static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    private static func refusal(_ name: String, _ reason: String) -> PodServiceError {
        PodServiceError(.invalidArgument, "the annotation \(name) \(reason)")
    }
}
