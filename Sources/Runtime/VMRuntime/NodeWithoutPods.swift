// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pods
import RuntimeConfiguration

/// A node on which no pod can be made: it has no sandbox, container and image, and says so.
struct NodeWithoutPods: PodService, Pods.ImageService {
    private let configuration: RuntimeConfiguration
    private let refusal = "this version of vm-runtime makes no pods yet; use vmctl for VMs on this node"

    init(_ configuration: RuntimeConfiguration) { self.configuration = configuration }

    var version: RuntimeVersion { RuntimeVersion(name: "contrail-vm", version: VMRuntime.version) }

    func status(isVerbose _: Bool) -> RuntimeStatus {
        RuntimeStatus(
            runtime: .notReady(reason: "MakesNoPods", message: refusal),
            network: .notReady(reason: "MakesNoPods", message: refusal)
        )
    }

    func cgroupDriver() -> CgroupDriver {
        switch configuration.cgroupDriver {
        case .cgroupfs: .cgroupfs
        case .systemd: .systemd
        // sd_booted(3).
        case .auto: FileManager.default.fileExists(atPath: "/run/systemd/system") ? .systemd : .cgroupfs
        }
    }

    func setPodAddressRange(_: String) {}

    func runSandbox(_: PodSandboxConfiguration, handler _: String) throws(PodServiceError) -> String {
        throw PodServiceError(.unavailable, refusal)
    }

    func stopSandbox(_: String) {}
    func removeSandbox(_: String) {}

    func sandboxStatus(_ id: String, isVerbose _: Bool) throws(PodServiceError) -> PodSandboxStatus {
        throw .noSandbox(id)
    }

    func sandboxes(_: PodSandboxFilter) -> [PodSandbox] { [] }

    func createContainer(
        _: ContainerConfiguration,
        in sandboxID: String,
        sandbox _: PodSandboxConfiguration?
    ) throws(PodServiceError) -> String { throw .noSandbox(sandboxID) }

    func startContainer(_ id: String) throws(PodServiceError) { throw .noContainer(id) }
    func stopContainer(_: String, seconds _: Int64) {}
    func removeContainer(_: String) {}
    func containers(_: ContainerFilter) -> [Container] { [] }

    func containerStatus(_ id: String, isVerbose _: Bool) throws(PodServiceError) -> ContainerStatus {
        throw .noContainer(id)
    }

    func updateResources(
        _: LinuxResources,
        ofContainer id: String,
        annotations _: [String: String]
    ) throws(PodServiceError) { throw .noContainer(id) }

    func reopenLog(ofContainer id: String) throws(PodServiceError) { throw .noContainer(id) }

    func images(_: ImageReference?) -> [ImageStatus] { [] }
    func imageStatus(_: ImageReference, isVerbose _: Bool) -> ImageStatus? { nil }

    func pull(
        _: ImageReference,
        credentials _: ImageCredentials?,
        sandbox _: PodSandboxConfiguration?
    ) throws(PodServiceError) -> String { throw PodServiceError(.unavailable, refusal) }

    func remove(_: ImageReference) {}
    func usage() -> [FilesystemUsage] { [] }
}
