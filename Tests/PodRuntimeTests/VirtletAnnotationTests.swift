// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Pods
import TestSupport
import Testing

@testable import PodRuntime

/// All annotations that Virtlet knew: each changes the guest or is refused by its name; none is passed over.
@Suite struct VirtletAnnotationTests {
    /// An annotation with what it needs beside it: a value that is honoured, and one that can't be meant.
    struct Annotation: Sendable, CustomTestStringConvertible {
        let name: String
        let honoured: String?
        let refused: String?
        var others: [String: String] = [:]

        var testDescription: String { name }
    }

    static let all = [
        Annotation(name: "VirtletVCPUCount", honoured: "2", refused: "256"),
        Annotation(name: "VirtletCPUModel", honoured: "host-model", refused: "qemu64"),
        Annotation(name: "VirtletLibvirtCPUSetting", honoured: "mode: host-model", refused: "mode: [1]"),
        Annotation(
            name: "VirtletSystemUUID",
            honoured: "53008994-44c0-4017-ad44-9c49758083da",
            refused: "mine"
        ),
        Annotation(name: "VirtletDiskDriver", honoured: "scsi", refused: "ide"),
        Annotation(name: "VirtletRootVolumeSize", honoured: "10Gi", refused: "large"),
        Annotation(name: "VirtletCloudInitImageType", honoured: "configdrive", refused: "ec2"),
        Annotation(name: "VirtletCloudInitMetaData", honoured: "{a: b}", refused: "\u{0}"),
        Annotation(name: "VirtletCloudInitUserData", honoured: "{a: b}", refused: "\u{0}"),
        Annotation(
            name: "VirtletCloudInitUserDataOverwrite",
            honoured: "true",
            refused: nil,
            others: [
                "VirtletCloudInitUserDataSource": "configmap/data", "VirtletCloudInitUserData": "{a: b}",
            ]
        ),
        Annotation(name: "VirtletCloudInitUserDataScript", honoured: "#!/bin/sh", refused: "\u{0}"),
        Annotation(name: "VirtletCloudInitUserDataSource", honoured: "configmap/data", refused: "data"),
        Annotation(
            name: "VirtletCloudInitUserDataSourceKey",
            honoured: "text",
            refused: "absent",
            others: ["VirtletCloudInitUserDataSource": "configmap/data"]
        ),
        Annotation(
            name: "VirtletCloudInitUserDataSourceEncoding",
            honoured: "base64",
            refused: "rot13",
            others: [
                "VirtletCloudInitUserDataSource": "configmap/data",
                "VirtletCloudInitUserDataSourceKey": "text",
            ]
        ),
        Annotation(name: "VirtletSSHKeys", honoured: "ssh-rsa A", refused: "\u{0}"),
        Annotation(name: "VirtletSSHKeySource", honoured: "configmap/data/text", refused: "data"),
        Annotation(
            name: "VirtletFilesFromDataSource",
            honoured: "configmap/files",
            refused: "configmap/data"
        ),
        Annotation(name: "VirtletChown9pfsMounts", honoured: nil, refused: "true"),
        Annotation(name: "VirtletForceDHCPNetworkConfig", honoured: "true", refused: nil),
    ]

    private struct Guest: Equatable {
        let shape: GuestShape
        let description: GuestDescription
    }

    private let pods = PodFolder(uid: "0b5c1a52-3a90")

    init() {
        pods.write("aGVsbG8=", to: "text", in: "data", .configMap)
        pods.write("aGVsbG8=", to: "a", in: "files", .configMap)
        pods.write("/a", to: "a_path", in: "files", .configMap)
    }

    private func guest(_ annotations: [String: String]) throws -> Guest {
        let metadata = PodSandboxMetadata(name: "vm", uid: "0b5c1a52-3a90", namespace: "default", attempt: 0)
        var sandbox = PodSandboxConfiguration(metadata: metadata)
        sandbox.annotations = annotations
        var container = ContainerConfiguration(
            metadata: ContainerMetadata(name: "vm", attempt: 0),
            image: ImageReference("image")
        )
        container.mounts = [pods.mount("data", .configMap), pods.mount("files", .configMap)]
        return Guest(
            shape: try GuestShape(
                container,
                in: sandbox,
                needs: EmulatorNeeds(accelerator: .kvm),
                nodeBytes: 0
            ),
            description: try GuestDescription(container, in: sandbox, instanceID: "4a1c")
        )
    }

    @Test(arguments: all) func `each is honoured, or refused by name`(annotation: Annotation) throws {
        let without = try guest(annotation.others)
        if let value = annotation.honoured {
            #expect(try guest(annotation.others.merging([annotation.name: value]) { $1 }) != without)
        }
        if let value = annotation.refused {
            let error = #expect(throws: PodServiceError.self) {
                try guest(annotation.others.merging([annotation.name: value]) { $1 })
            }
            #expect(error?.kind == .invalidArgument)
            #expect(error?.message.contains("the annotation \(annotation.name)") == true, "\(error as Any)")
        }
        #expect(annotation.honoured != nil || annotation.refused != nil)
    }

    @Test func `what counts only beside another is refused without it`() {
        let error = #expect(throws: PodServiceError.self) {
            try guest(["VirtletCloudInitUserDataSourceKey": "text"])
        }
        #expect(error?.message.contains("VirtletCloudInitUserDataSource,") == true)
        let other = #expect(throws: PodServiceError.self) {
            try guest(["VirtletCloudInitUserDataSourceEncoding": "rot13"])
        }
        #expect(other?.message.contains("VirtletCloudInitUserDataSourceEncoding") == true)
    }

    // MARK: - What stands for more than it seems

    /// Texts of a few hundred bytes that stand for more than there is memory, as values and as keys; and long ones.
    static let bombs: [(name: String, text: String)] = {
        let lists = (1...20).map { "a\($0): &a\($0) [\(String(repeating: "*a\($0 - 1),", count: 9))]\n" }
            .joined()
        let keys = (1...20).map { "? &a\($0) [*a\($0 - 1),*a\($0 - 1),*a\($0 - 1)]\n: 1\n" }.joined()
        return [
            ("lists", "a0: &a0 x\n\(lists)"), ("keys", "&a0 x: 1\n\(keys)"),
            ("a key of lists", "a0: &a0 x\n\(lists)? *a20\n: 1\n"),
            (
                "features",
                "features: &a [{name: vmx}]\nmodel: {\(String(repeating: "? *a : x, ", count: 900))}"
            ),
            ("nesting", String(repeating: "[", count: 15_000)),
            ("keys in one map", (0...1500).map { "k\($0): 1\n" }.joined()),
        ]
    }()

    @Test(
        "texts that stand for more than a pod may have are refused at once, by the annotation",
        .rule("HOSTILE-7"),
        .timeLimit(.minutes(1)),
        arguments: bombs.map(\.name)
    )
    func bomb(name: String) throws {
        let text = try present(Self.bombs.first { $0.name == name }?.text)
        let clock = ContinuousClock()
        for annotation in [
            "VirtletLibvirtCPUSetting", "VirtletCloudInitUserData", "VirtletCloudInitMetaData",
        ] {
            let start = clock.now
            let error = try refusal(annotation, text)
            #expect(clock.now - start < .seconds(5), "\(annotation): \(clock.now - start)")
            guard annotation != "VirtletLibvirtCPUSetting" else {
                #expect(error?.contains("the annotation \(annotation)") == true, "\(error ?? "nothing")")
                continue
            }
            // As cloud-config it may be meant.
            #expect(
                error == nil && name == "keys in one map" || error?.contains(annotation) == true,
                "\(error ?? "nothing")"
            )
        }
    }

    private func refusal(_ annotation: String, _ text: String) throws -> String? {
        do {
            let guest = try guest([annotation: text])
            _ = try Seed(guest: guest.description, interfaces: [])
            return nil
        } catch let error as PodServiceError {
            return error.message
        } catch let error as CloudInitError {
            return error.description
        }
    }

    @Test("long variables are taken at once, and longer ones refused by name", .timeLimit(.minutes(1)))
    func longEnvironment() throws {
        let metadata = PodSandboxMetadata(name: "vm", uid: "0b5c1a52-3a90", namespace: "default", attempt: 0)
        var container = ContainerConfiguration(
            metadata: ContainerMetadata(name: "vm", attempt: 0),
            image: ImageReference("image")
        )
        let sandbox = PodSandboxConfiguration(metadata: metadata)
        let clock = ContinuousClock()
        let start = clock.now
        container.environment = [
            EnvironmentVariable(
                name: "LONG",
                value: [UInt8](repeating: UInt8(ascii: "$"), count: UserText.mostBytes - 4)
            )
        ]
        let description = try GuestDescription(container, in: sandbox, instanceID: "4a1c")
        let seed = try Seed(guest: description, interfaces: [])
        #expect(seed["user-data"]?.utf8.count ?? 0 > 2 * UserText.mostBytes - 8)
        #expect(clock.now - start < .seconds(20), "\(clock.now - start)")
        container.environment.append(EnvironmentVariable(name: "MORE", value: [1]))
        let long = container
        let error = #expect(throws: PodServiceError.self) {
            try GuestDescription(long, in: sandbox, instanceID: "4a1c")
        }
        #expect(error?.message.contains("\"MORE\"") == true)
    }

    // MARK: - Files

    private func files(_ kind: KubeletVolume.Kind, _ texts: [String: String]) throws -> [GuestFile] {
        let pods = PodFolder(uid: "0b5c1a52-3a90")
        for (name, text) in texts { pods.write(text, to: name, in: "set", kind) }
        let metadata = PodSandboxMetadata(name: "vm", uid: "0b5c1a52-3a90", namespace: "default", attempt: 0)
        var sandbox = PodSandboxConfiguration(metadata: metadata)
        sandbox.annotations = [
            "VirtletFilesFromDataSource": kind == .secret ? "secret/set" : "configmap/set"
        ]
        var container = ContainerConfiguration(
            metadata: ContainerMetadata(name: "vm", attempt: 0),
            image: ImageReference("image")
        )
        container.mounts = [pods.mount("set", kind, at: "/mounted")]
        return try GuestDescription(container, in: sandbox, instanceID: "4a1c").files
            .filter { !$0.path.hasPrefix("/mounted") }
    }

    private func refusal(_ texts: [String: String], in kind: KubeletVolume.Kind = .configMap) -> String {
        let error = #expect(throws: PodServiceError.self) { try files(kind, texts) }
        return error?.kind == .invalidArgument ? error?.message ?? "" : ""
    }

    @Test func `files of a config map are base64 unless they are called plain`() throws {
        let made = try files(
            .configMap,
            [
                "b": "aGVs\nbG8=\n", "b_path": "/etc/b", "p": "text", "p_path": "etc/p\n",
                "p_encoding": "plain\n",
            ]
        )
        #expect(
            made == [
                GuestFile(path: "/etc/b", bytes: Array("hello".utf8)),
                GuestFile(path: "/etc/p", bytes: Array("text".utf8)),
            ]
        )
    }

    @Test func `files of a secret are what the secret has, unless they are called base64`() throws {
        let made = try files(
            .secret,
            ["a": "aGk=", "a_path": "/a", "b": "aGk=", "b_path": "/b", "b_encoding": "base64"]
        )
        #expect(
            made == [
                GuestFile(path: "/a", bytes: Array("aGk=".utf8)),
                GuestFile(path: "/b", bytes: Array("hi".utf8)),
            ]
        )
    }

    @Test func `what can't be a file is refused by its key`() {
        #expect(refusal(["a": "x"]).contains("\"a_path\""))
        #expect(refusal(["a_path": "/a"]).contains("\"a_path\" without"))
        #expect(refusal(["a": "no base64!", "a_path": "/a"]).contains("\"a_encoding\" to plain"))
        #expect(refusal(["a": "x", "a_path": "/a", "a_encoding": "hex"]).contains("\"a_encoding\""))
        for path in ["", "/", "../etc/passwd", "/a/../../b"] {
            let message = refusal(["a": "x", "a_path": path], in: .secret)
            #expect(message.contains("a_path") && message.contains("VirtletFilesFromDataSource"), "\(path)")
        }
    }
}
