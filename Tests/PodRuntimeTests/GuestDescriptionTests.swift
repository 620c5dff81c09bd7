// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Pods
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct GuestDescriptionTests {
    private let uid = "0b5c1a52-3a90"
    private let pods = PodFolder(uid: "0b5c1a52-3a90")

    private func guest(
        _ annotations: [String: String] = [:],
        change: (inout ContainerConfiguration) -> Void = { _ in }
    ) throws -> GuestDescription {
        let metadata = PodSandboxMetadata(name: "vm", uid: uid, namespace: "default", attempt: 0)
        var sandbox = PodSandboxConfiguration(metadata: metadata)
        sandbox.annotations = annotations
        var container = ContainerConfiguration(
            metadata: ContainerMetadata(name: "vm", attempt: 0),
            image: ImageReference("image")
        )
        change(&container)
        return try GuestDescription(container, in: sandbox, instanceID: "4a1c")
    }

    private func refusal(
        _ annotations: [String: String],
        change: (inout ContainerConfiguration) -> Void = { _ in }
    ) -> String {
        let error = #expect(throws: PodServiceError.self) { try guest(annotations, change: change) }
        #expect(error?.kind == .invalidArgument)
        return error?.message ?? ""
    }

    @Test func `without wishes it is what Virtlet made`() throws {
        let guest = try guest()
        #expect(guest.layout == .noCloud && guest.addressing == .prepared && guest.networkVersion == .v2)
        #expect(guest.hostname == "vm" && guest.instanceID == "4a1c" && guest.files.isEmpty)
        #expect(guest.userData == nil && guest.userSettings.isEmpty && guest.metaData == nil)
    }

    @Test(arguments: [("nocloud", Seed.Layout.noCloud), ("ConfigDrive", .configDrive), ("", .noCloud)])
    func `the layout is chosen by its annotation`(text: String, layout: Seed.Layout) throws {
        #expect(try guest(["VirtletCloudInitImageType": text]).layout == layout)
    }

    @Test(arguments: [
        ("VirtletCloudInitImageType", "ec2"), ("VirtletCloudInitUserData", "a\u{0}"),
        ("VirtletCloudInitUserDataScript", "\u{0}"),
        ("VirtletCloudInitMetaData", String(repeating: "a", count: 1 << 20 + 1)),
        ("VirtletSSHKeySource", "keys"), ("VirtletSSHKeySource", "file/keys"),
        ("VirtletSSHKeySource", "secret/a/b/c"),
        ("VirtletCloudInitUserDataSource", "secret"), ("VirtletCloudInitUserDataSource", "secret/"),
        ("VirtletCloudInitUserDataSource", "secret/a/b"),
    ])
    func `what can't be meant is refused by name`(name: String, text: String) {
        let message = refusal([name: text])
        #expect(message.contains(name) && message.utf8.count < 1000)
    }

    @Test(arguments: ["true", "false", "True", "1", ""])
    func `DHCP is forced by true and nothing else`(text: String) throws {
        let guest = try guest(["VirtletForceDHCPNetworkConfig": text])
        #expect(guest.addressing == (text == "true" ? .image : .prepared))
    }

    @Test func `keys are lines; blanks and comments are none`() throws {
        let keys = try guest(["VirtletSSHKeys": "ssh-rsa A one\r\n\n  # no key\n ssh-ed25519 B \n"]).sshKeys
        #expect(keys == ["ssh-rsa A one", "ssh-ed25519 B"])
    }

    @Test func `variables are a file, and what is no text is refused by the variable's name`() throws {
        let guest = try guest {
            $0.environment = [EnvironmentVariable(name: "A", value: Array("b c".utf8))]
        }
        #expect(guest.files == [GuestFile(path: "/etc/cloud/environment", content: "A=\"b c\"\n")])
        for value in [[0xFF], [0x61, 0]] as [[UInt8]] {
            let message = refusal([:]) { $0.environment = [EnvironmentVariable(name: "TOKEN", value: value)] }
            #expect(message.contains("TOKEN"))
        }
    }

    // MARK: - Sources

    @Test func `a source that is not mounted is refused, telling what to mount`() {
        let message = refusal(["VirtletSSHKeySource": "secret/my.keys"])
        #expect(message.contains("name my-keys") && message.contains("secret.secretName: my.keys"))
        #expect(refusal(["VirtletCloudInitUserDataSource": "configmap/x"]).contains("configMap.name: x"))
    }

    @Test func `keys of a source come before those of the annotation, or give way`() throws {
        pods.write("ssh-rsa A", to: "authorized_keys", in: "keys", .secret)
        pods.write("ssh-rsa C", to: "other", in: "keys", .secret)
        let mount = { (container: inout ContainerConfiguration) in
            container.mounts = [pods.mount("keys", .secret)]
        }
        let annotations = ["VirtletSSHKeySource": "secret/keys", "VirtletSSHKeys": "ssh-rsa B"]
        #expect(try guest(annotations, change: mount).sshKeys == ["ssh-rsa A", "ssh-rsa B"])
        var other = annotations
        other["VirtletSSHKeySource"] = "secret/keys/other"
        #expect(try guest(other, change: mount).sshKeys == ["ssh-rsa C", "ssh-rsa B"])
        other["VirtletCloudInitUserDataOverwrite"] = "true"
        #expect(try guest(other, change: mount).sshKeys == ["ssh-rsa B"])
        #expect(refusal(["VirtletSSHKeySource": "secret/keys/none"], change: mount).contains("none"))
    }

    @Test func `each key of a source is a key of the user-data, under the annotation's`() throws {
        pods.write("[a]", to: "users", in: "data", .configMap)
        let mount = { (container: inout ContainerConfiguration) in
            container.mounts = [pods.mount("data", .configMap)]
        }
        var annotations = [
            "VirtletCloudInitUserDataSource": "configmap/data", "VirtletCloudInitUserData": "users: [b]",
        ]
        let merged = try guest(annotations, change: mount)
        #expect(
            merged.userSettings == [
                UserText("[a]", from: "configmap/data", key: "users"),
                UserText("users: [b]", from: "the annotation VirtletCloudInitUserData"),
            ]
        )
        annotations["VirtletCloudInitUserDataOverwrite"] = "true"
        #expect(try guest(annotations, change: mount).userSettings.map(\.text) == ["users: [b]"])
    }

    @Test func `one key of a source is the whole user-data, in either encoding`() throws {
        pods.write("#!/bin/sh\n", to: "script", in: "data", .configMap)
        pods.write("IyEvYmluL3No\nCg==\n", to: "encoded", in: "data", .configMap)
        let mount = { (container: inout ContainerConfiguration) in
            container.mounts = [pods.mount("data", .configMap)]
        }
        var annotations = [
            "VirtletCloudInitUserDataSource": "configmap/data", "VirtletCloudInitUserDataSourceKey": "script",
        ]
        #expect(try guest(annotations, change: mount).userData?.text == "#!/bin/sh\n")
        annotations["VirtletCloudInitUserDataSourceEncoding"] = "base64"
        #expect(refusal(annotations, change: mount).contains("base64"))
        annotations["VirtletCloudInitUserDataSourceKey"] = "encoded"
        #expect(try guest(annotations, change: mount).userData?.text == "#!/bin/sh\n")
        annotations["VirtletCloudInitUserDataSourceEncoding"] = "rot13"
        #expect(refusal(annotations, change: mount).contains("VirtletCloudInitUserDataSourceEncoding"))
        annotations["VirtletCloudInitUserDataSourceEncoding"] = "plain"
        annotations["VirtletCloudInitUserDataScript"] = "#!/bin/sh\ntrue\n"
        #expect(refusal(annotations, change: mount).contains("VirtletCloudInitUserDataScript"))
        annotations["VirtletCloudInitUserDataOverwrite"] = "true"
        #expect(try guest(annotations, change: mount).userData?.text == "#!/bin/sh\ntrue\n")
    }

    @Test func `no text of a secret gets into an error`() throws {
        pods.write("- secret: [", to: "users", in: "data", .secret)
        let guest = try guest(["VirtletCloudInitUserDataSource": "secret/data"]) {
            $0.mounts = [pods.mount("data", .secret)]
        }
        let error = #expect(throws: CloudInitError.self) { try Seed(guest: guest, interfaces: []) }
        let message = error?.description ?? ""
        #expect(
            message.contains("secret/data, the key \"users\"") && !message.contains("- secret"),
            "\(message)"
        )
    }
}
