// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import DomainXML
import Foundation
import HostPrograms
import ImageFormats
import Images
import KVMProbe
import Logging
import Machines
import PodRuntime
import Pods
import RuntimeConfiguration

/// All parts of the runtime on this node, put together as the configuration says.
struct Node {
    let pods: PodRuntime
    let images: NodeImages

    init(_ configuration: RuntimeConfiguration, _ log: Logger) async throws {
        let tell: @Sendable (String) -> Void = { log.info("\($0)") }
        guard let machines = Settings(configuration) else {
            throw PodServiceError(
                .invalidArgument,
                "emulator-uid-first \(configuration.firstEmulatorUser) and emulator-uid-count \(configuration.emulatorUserCount) are not a "
                    + "range of users"
            )
        }
        let imageSettings = ImageSettings(configuration, qemuImg: machines.qemuImg)
        images = NodeImages(try ImageStore(imageSettings), log: tell)

        var settings = PodSettings(machines: machines)
        settings.networkFolder = configuration.cniConfigurationFolder
        settings.board = configuration.machineType == .pc ? .pc : .q35
        let overhead = Int(configuration.memoryOverhead.bytes >> 20)
        settings.memoryOverheadMiB = overhead > 0 ? overhead : nil
        settings.storageNetworks = configuration.storageNetworks
        settings.rootVolumeLimit =
            configuration.rootVolumeLimit.bytes > 0 ? configuration.rootVolumeLimit.bytes : nil
        settings.startsAtOnce = configuration.startLimit
        settings.handlers = configuration.handlers
        settings.vrouterSeconds = configuration.vrouterSeconds
        settings.processFolder = configuration.libvirtProcessFolder
        settings.cgroupDriver = Self.cgroupDriver(configuration.cgroupDriver)
        settings.accelerator = try await Self.accelerator(configuration.accelerator, machines, tell)
        pods = try PodRuntime(
            version: RuntimeVersion(name: "contrail-vm", version: VMRuntime.version),
            settings: settings,
            plugins: InvokedPlugins(CNIInvoker(folders: [configuration.cniPluginFolder])),
            images: images,
            log: tell
        )
    }

    private static func cgroupDriver(_ choice: CgroupDriverChoice) -> CgroupDriver {
        switch choice {
        case .cgroupfs: .cgroupfs
        case .systemd: .systemd
        // sd_booted(3).
        case .auto: FileManager.default.fileExists(atPath: "/run/systemd/system") ? .systemd : .cgroupfs
        }
    }

    /// The accelerator that a choice means on this node.
    private static func accelerator(
        _ choice: AcceleratorChoice,
        _ settings: Settings,
        _ tell: (String) -> Void
    ) async throws -> Domain.Accelerator {
        switch choice {
        case .kvm: return .kvm
        case .tcg: return .tcg
        case .auto:
            let probe = KVMProbe(qemu: settings.qemu)
            return try await probe.prefersKVM(folder: settings.runFolder, tell: tell) ? .kvm : .tcg
        }
    }
}
