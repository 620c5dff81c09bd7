// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
public import Pods

extension PodRuntime: PodService {
    public func status(isVerbose: Bool) async throws(PodServiceError) -> RuntimeStatus {
        var details: [String: String] = [:]
        var runtime = RuntimeStatus.Readiness.ready
        do {
            let version = try await hypervisor.version()
            details["libvirt"] = "\(version) at \(hypervisor.uri)"
        } catch {
            runtime = .notReady(reason: "LibvirtUnavailable", message: "\(error)")
        }
        var network = RuntimeStatus.Readiness.ready
        do {
            let list = try NetworkFolder(path: settings.networkFolder).list().list
            details["network"] = "\(list.name): \(list.plugins.map(\.type).joined(separator: ", "))"
        } catch {
            network = .notReady(reason: "NetworkNotConfigured", message: error.message)
        }
        return RuntimeStatus(runtime: runtime, network: network, details: isVerbose ? details : [:])
    }

    public func cgroupDriver() async throws(PodServiceError) -> CgroupDriver { settings.cgroupDriver }

    /// Addresses are the network's to give.
    public func setPodAddressRange(_ range: String) async throws(PodServiceError) {}

    public func sandboxStatus(
        _ id: String,
        isVerbose: Bool
    ) async throws(PodServiceError) -> PodSandboxStatus {
        guard let sandbox = try await sandbox(id) else { throw PodServiceError.noSandbox(id) }
        var details: [String: String] = [:]
        if isVerbose {
            details["user"] = String(sandbox.user)
            details["namespace"] = sandbox.namespace
            for network in sandbox.networks { details["cni.\(network.interface)"] = network.result ?? "" }
        }
        return PodSandboxStatus(
            sandbox: sandbox.listed,
            addresses: sandbox.phase == .ready ? sandbox.addresses : [],
            namespaces: sandbox.configuration.namespaces,
            details: details
        )
    }

    public func sandboxes(_ filter: PodSandboxFilter) async throws(PodServiceError) -> [PodSandbox] {
        // One that is being made is not there yet.
        let all = await store.sandboxes.values.filter { $0.phase != .making }.map(\.listed)
        return filter.apply(to: all.sorted { $0.createdAt > $1.createdAt })
    }

    public func containers(_ filter: ContainerFilter) async throws(PodServiceError) -> [Container] {
        let all = await store.containers.values.filter { $0.phase != .making }.map(\.listed)
        return filter.apply(to: all.sorted { $0.createdAt > $1.createdAt })
    }

    public func containerStatus(
        _ id: String,
        isVerbose: Bool
    ) async throws(PodServiceError) -> ContainerStatus {
        guard let record = try await container(id) else { throw PodServiceError.noContainer(id) }
        var status = ContainerStatus(container: record.listed)
        status.startedAt = record.startedAt
        if let ending = record.ending {
            status.finishedAt = ending.finishedAt
            status.exitCode = ending.code
            status.reason = ending.reason
            status.message = ending.message
        }
        status.mounts = record.configuration.mounts
        status.resources = record.configuration.resources
        if let sandbox = await store.sandboxes[record.sandboxID], !record.configuration.logPath.isEmpty {
            status.logPath = "\(sandbox.configuration.logDirectory)/\(record.configuration.logPath)"
        }
        if isVerbose {
            status.details["domain"] = Self.domainName(record)
            status.details["uuid"] = record.uuid
            status.details["vcpus"] = String(record.shape.vcpus)
            status.details["memoryMiB"] = String(record.shape.memoryMiB)
        }
        return status
    }

    public func updateResources(
        _ resources: LinuxResources,
        ofContainer id: String,
        annotations: [String: String]
    ) async throws(PodServiceError) {
        throw PodServiceError(.unimplemented, "the resources of a running VM can't be changed yet")
    }

    public func reopenLog(ofContainer id: String) async throws(PodServiceError) {
        guard let record = try await container(id) else { throw PodServiceError.noContainer(id) }
        do {
            guard try logs.reopen(record.id) else {
                throw PodServiceError(
                    .failedPrecondition,
                    "the container \(record.id) writes no log: it does not run, or has no log_path"
                )
            }
        } catch { throw Self.error(error) }
    }
}
