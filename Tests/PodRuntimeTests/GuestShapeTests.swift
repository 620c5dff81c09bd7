// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import Testing

@testable import PodRuntime

@Suite struct GuestShapeTests {
    private func shape(
        _ annotations: [String: String] = [:],
        limit: Int64 = 0
    ) throws -> GuestShape {
        let metadata = PodSandboxMetadata(name: "vm", uid: "u", namespace: "default", attempt: 0)
        var sandbox = PodSandboxConfiguration(metadata: metadata)
        sandbox.annotations = annotations
        var container = ContainerConfiguration(
            metadata: ContainerMetadata(name: "vm", attempt: 0),
            image: ImageReference("image")
        )
        var resources = LinuxResources()
        resources.memoryLimit = limit
        container.resources = resources
        return try GuestShape(
            container,
            in: sandbox,
            needs: EmulatorNeeds(accelerator: .kvm, fixedMiB: 128),
            nodeBytes: 0
        )
    }

    @Test func `without wishes it is what Virtlet made`() throws {
        let shape = try shape()
        #expect(
            shape.vcpus == 1 && shape.memoryMiB == 1024 && shape.rootSize == nil && shape.systemUUID == nil
        )
    }

    @Test func `memory is the limit less what QEMU takes`() throws {
        #expect(try shape(limit: 512 << 20).memoryMiB == 384)
        #expect(throws: PodServiceError.self) { try shape(limit: 191 << 20) }
    }

    @Test(arguments: [
        "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e", "6AB5D6F5-9D7A-4B02-9B40-1F2F2E4C5D6E",
        "6Ab5d6F5-9d7A-4b02-9B40-1f2f2e4C5d6e",
    ])
    func `a UUID counts in either case`(text: String) throws {
        #expect(
            try shape(["VirtletSystemUUID": text]).systemUUID == "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e"
        )
    }

    @Test(arguments: [("4", 4), ("0", 1), ("-3", 1), ("255", 255)])
    func `processors are counted by the annotation`(text: String, count: Int) throws {
        #expect(try shape(["VirtletVCPUCount": text]).vcpus == count)
    }

    @Test(arguments: [
        ("VirtletVCPUCount", "256"), ("VirtletVCPUCount", "two"), ("VirtletSystemUUID", "x"),
        ("VirtletSystemUUID", ""), ("VirtletSystemUUID", "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6"),
        ("VirtletSystemUUID", "6ab5d6f59d7a4b029b401f2f2e4c5d6e"),
        ("VirtletSystemUUID", "00000000-0000-0000-0000-000000000000"),
        ("VirtletRootVolumeSize", "10 apples"), ("VirtletRootVolumeSize", "-1"),
    ])
    func `what can't be meant is refused by name`(name: String, text: String) throws {
        let error = #expect(throws: PodServiceError.self) { try shape([name: text]) }
        #expect(error?.kind == .invalidArgument && error?.message.contains(name) == true)
    }

    @Test(
        arguments: [
            ("512", 512), ("1k", 1000), ("1Ki", 1024), ("1.5Gi", 1_610_612_736), ("10G", 10_000_000_000),
            ("2e3", 2000), ("1.0000000001", 2), ("0.5", 1),
        ] as [(String, Int64)]
    )
    func `quantities are Kubernetes' own`(text: String, bytes: Int64) {
        #expect(Quantity.bytes(text) == (text == "1.0000000001" ? 1 : bytes))
    }

    @Test(arguments: [
        "", "x", "1.2.3", "9223372036854775808", "9223372036854775807Ki", "1Zi", "1e99", "0x10",
    ])
    func `what is no quantity is refused`(text: String) { #expect(Quantity.bytes(text) == nil) }
}
