// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import Testing

@testable import PodRuntime

@Suite struct ContainerRequestTests {
    private func request(
        annotations: [String: String] = [:],
        _ change: (inout ContainerConfiguration) -> Void = { _ in }
    ) throws -> ContainerRequest {
        let pod = PodSandboxMetadata(name: "vm", uid: "u", namespace: "default", attempt: 0)
        var sandbox = PodSandboxConfiguration(metadata: pod)
        sandbox.annotations = annotations
        var container = ContainerConfiguration(
            metadata: ContainerMetadata(name: "web", attempt: 0),
            image: ImageReference("image")
        )
        change(&container)
        return try ContainerRequest(container, in: sandbox)
    }

    private func refused(
        _ words: String...,
        annotations: [String: String] = [:],
        _ change: (inout ContainerConfiguration) -> Void = { _ in }
    ) {
        let error = #expect(throws: PodServiceError.self) { try request(annotations: annotations, change) }
        for word in words {
            #expect(
                error?.kind == .invalidArgument && error?.message.contains(word) == true,
                "\(error as Any)"
            )
        }
    }

    @Test func `a pod's own container is its VM`() throws {
        #expect(try request().notice == nil)
        #expect(try request { $0.annotations = ["io.kubernetes.container.type": "container"] }.notice == nil)
        #expect(try request(annotations: ["contrail-vm/container": "web"]).notice == nil)
    }

    @Test func `an init container is refused before it gets the VM, by name and with a way out`() {
        refused("init container \"web\"", "one VM", "cloud-init", "injection") {
            $0.annotations = [
                "io.kubernetes.container.type": "init", "io.kubernetes.container.restartCount": "0",
            ]
        }
    }

    @Test func `an ephemeral container is refused, with a way out`() {
        refused("ephemeral container \"web\"", "console") {
            $0.annotations = ["io.kubernetes.container.type": "ephemeral"]
        }
    }

    @Test func `where the pod names its VM, no other container is it, whatever kubelet tells`() {
        refused(
            "\"web\"",
            "contrail-vm/container",
            "\"machine\"",
            annotations: ["contrail-vm/container": "machine"]
        )
        refused("\"web\"", annotations: ["contrail-vm/container": ""])
    }

    @Test func `privileges and devices of the node are refused`() {
        refused("privileged: true") { $0.isPrivileged = true }
        refused("vendor.com/gpu=0", "resource claim") { $0.cdiDevices = ["vendor.com/gpu=0"] }
    }

    @Test(
        arguments: [
            (["sh"], [], "", "command: "), ([], ["-c"], "", "args: "), ([], [], "/srv", "workingDir: "),
            (["sh"], ["-c"], "/srv", "command, args, workingDir: "),
        ]
    )
    func `what has no effect on a VM is told in a line of its log`(
        command: [String],
        arguments: [String],
        folder: String,
        words: String
    ) throws {
        let notice = try request {
            $0.command = command
            $0.arguments = arguments
            $0.workingDirectory = folder
        }.notice
        #expect(notice?.hasPrefix("[contrail-vm: \(words)") == true && notice?.contains("\n") == false)
    }
}
