// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML
import NetworkTypes
import Pods

/// What a guest is made of, from the pod's annotations and resources.
struct GuestShape: Hashable, Sendable {
    /// The guest's processors.
    var vcpus: Int
    /// The guest's memory.
    var memoryMiB: Int
    /// The least size of the root disk in bytes; nil for the image's.
    var rootSize: Int64?
    /// The UUID that the guest sees; nil for its domain's.
    var systemUUID: String?
    /// The processor that the guest sees.
    var cpu = Domain.Processor.best
    /// How the guest sees its disks; nil for virtio-blk.
    var diskBus: Domain.DiskBus?
    /// Whether the guest boots by UEFI.
    var isUEFI = false

    /// The annotation of the firmware: `bios` or `uefi`.
    static let firmware = "contrail-vm/firmware"

    /// The most processors, as Virtlet allowed.
    static let mostProcessors = 255
}

extension GuestShape {
    /// Reads what the pod asks for.
    ///
    /// `needs`: what QEMU itself needs. `nodeBytes`: the node's memory.
    /// - Throws: `PodServiceError.Kind.invalidArgument`, which names the annotation or resource.
    init(
        _ container: ContainerConfiguration,
        in sandbox: PodSandboxConfiguration,
        needs: EmulatorNeeds,
        nodeBytes: Int64
    ) throws(PodServiceError) {
        let annotations = sandbox.annotations
        vcpus = 1
        if let text = annotations["VirtletVCPUCount"] {
            guard let count = Int(text) else {
                throw Self.refusal(
                    "VirtletVCPUCount",
                    text,
                    "is not a number of processors: write one from 1 to \(Self.mostProcessors)"
                )
            }
            guard count <= Self.mostProcessors else {
                throw Self.refusal(
                    "VirtletVCPUCount",
                    text,
                    "is more than \(Self.mostProcessors), the most processors of a VM"
                )
            }
            vcpus = max(1, count)
        }
        if let text = annotations["VirtletSystemUUID"] {
            guard let uuid = UUID(text.lowercased()) else {
                throw Self.refusal(
                    "VirtletSystemUUID",
                    text,
                    "is not a UUID like 6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e"
                )
            }
            systemUUID = uuid.text
        }
        if let text = annotations["VirtletRootVolumeSize"] {
            guard let size = Quantity.bytes(text), size > 0 else {
                throw Self.refusal("VirtletRootVolumeSize", text, "is not a size: write one like 10Gi")
            }
            rootSize = size
        }
        if let text = annotations["VirtletCPUModel"], !text.isEmpty {
            guard text == "host-model" else {
                throw Self.refusal(
                    "VirtletCPUModel",
                    text,
                    "is not known: write host-model, or leave the annotation out"
                )
            }
            cpu = .host
        }
        if let text = annotations["VirtletLibvirtCPUSetting"] {
            do throws(ProcessorModel.Refusal) {
                cpu = .model(try ProcessorModel(annotation: text))
            } catch {
                throw Self.refusal("VirtletLibvirtCPUSetting", text, error.reason)
            }
        }
        if let text = annotations["VirtletDiskDriver"], !text.isEmpty {
            guard let bus = Domain.DiskBus(rawValue: text) else {
                throw Self.refusal("VirtletDiskDriver", text, "is not known: write virtio or scsi")
            }
            diskBus = bus
        }
        if annotations["VirtletChown9pfsMounts"] == "true" {
            throw Self.refusal(
                "VirtletChown9pfsMounts",
                "true",
                "asks for volumes by 9pfs, which this runtime has none of: leave it out"
            )
        }
        if let text = annotations[Self.firmware] {
            guard let isUEFI = ["bios": false, "uefi": true][text] else {
                throw Self.refusal(Self.firmware, text, "is not known: write bios or uefi")
            }
            self.isUEFI = isUEFI
        }
        memoryMiB = try GuestMemory(
            container.resources,
            overhead: sandbox.overhead,
            vcpus: vcpus,
            needs: needs,
            nodeBytes: nodeBytes
        ).mib
    }

    private static func refusal(_ name: String, _ text: String, _ reason: String) -> PodServiceError {
        PodServiceError(
            .invalidArgument,
            "the annotation \(name): \"\(PodServiceError.shortened(text))\" \(reason)"
        )
    }
}
