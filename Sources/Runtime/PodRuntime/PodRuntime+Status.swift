// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIInvoker
import Foundation
import LinuxSystem
import Machines
import Pods

extension PodRuntime {
    /// Whether libvirt and the network can serve, as they say now.
    func status(isVerbose: Bool) async throws(PodServiceError) -> RuntimeStatus {
        var details: [String: String] = [:]
        var runtime = RuntimeStatus.Readiness.ready
        do {
            let version = try await hypervisor.version()
            details["libvirt"] = "\(version) at \(hypervisor.uri)"
        } catch {
            runtime = .notReady(reason: "LibvirtUnavailable", message: "\(error)")
        }
        if let reason = await whySocketBanFails() {
            if runtime == .ready { runtime = .notReady(reason: "EmulatorsNotConfined", message: reason) }
        } else {
            details["emulatorNetworks"] =
                settings.storageNetworks.isEmpty
                ? "none" : settings.storageNetworks.map(\.text).joined(separator: ",")
        }
        let problems = problems
        if case .ready = runtime, let problem = problems.first {
            runtime = .notReady(reason: problem.reason, message: problem.message)
        }
        for problem in problems { details["node.\(problem.reason)"] = problem.message }
        var network = RuntimeStatus.Readiness.ready
        do {
            let (text, list) = try NetworkFolder(path: settings.networkFolder).list()
            details["network"] = "\(list.name): \(list.plugins.map(\.type).joined(separator: ", "))"
            do {
                try await plugins.status(list: text)
            } catch {
                network = .notReady(reason: "NetworkPluginNotReady", message: Self.error(error).message)
            }
        } catch {
            network = .notReady(reason: "NetworkNotConfigured", message: error.message)
        }
        return RuntimeStatus(
            runtime: runtime,
            network: network,
            handlers: settings.handlers,
            details: isVerbose ? details : [:]
        )
    }

    /// What of the node keeps VMs from being started.
    private var problems: [NodeProblem] {
        var problems = hypervisor.uri.hasPrefix("qemu") ? settings.examination.problems : []
        // systemd runs services with it; anybody else may have reasons for a mount namespace.
        if getenv("INVOCATION_ID") != nil, let problem = settings.examination.mounts(of: "self") {
            problems.append(problem)
        }
        return problems
    }

    /// What a sandbox is, with its addresses.
    func sandboxStatus(
        _ id: String,
        isVerbose: Bool
    ) async throws(PodServiceError) -> PodSandboxStatus {
        guard let sandbox = try await sandbox(id) else { throw PodServiceError.noSandbox(id) }
        var details: [String: String] = [:]
        if isVerbose {
            details["user"] = String(sandbox.user)
            details["origin"] = sandbox.origin.rawValue
            details["namespace"] = sandbox.namespace
            for network in sandbox.networks { details["cni.\(network.interface)"] = network.result ?? "" }
        }
        return PodSandboxStatus(
            sandbox: sandbox.listed,
            addresses: sandbox.isReady ? sandbox.addresses : [],
            namespaces: sandbox.configuration.namespaces,
            details: details
        )
    }

    /// The sandboxes that a filter lets through of those that are shown, the youngest first.
    func sandboxes(_ filter: PodSandboxFilter, _ isShown: (SandboxRecord) -> Bool) async -> [PodSandbox] {
        // One that is being made is not there yet.
        let all = await store.sandboxes.values.filter { $0.phase != .making && isShown($0) }.map(\.listed)
        return filter.apply(to: all.sorted { $0.createdAt > $1.createdAt })
    }

    /// The containers that a filter lets through of those whose sandbox is shown, the youngest first.
    func containers(_ filter: ContainerFilter, _ isShown: (SandboxRecord) -> Bool) async -> [Container] {
        let records = await records(isShown).filter { $0.phase != .making }
        return filter.apply(to: records.map(\.listed).sorted { $0.createdAt > $1.createdAt })
    }

    /// The containers whose sandbox is shown.
    func records(_ isShown: (SandboxRecord) -> Bool) async -> [ContainerRecord] {
        let sandboxes = await store.sandboxes
        return await store.containers.values.filter { sandboxes[$0.sandboxID].map(isShown) ?? false }
    }

    /// What a container is, and how it ended.
    func containerStatus(
        _ id: String,
        isVerbose: Bool
    ) async throws(PodServiceError) -> ContainerStatus {
        guard let record = try await container(id) else { throw PodServiceError.noContainer(id) }
        var status = ContainerStatus(container: record.listed)
        // A kubelet that does not say what the pod's author wrote names the image by its id.
        if record.configuration.image.userSpecifiedName.isEmpty,
            record.configuration.image.name == record.imageID,
            let name = await images.name(of: record.imageID)
        {
            status.container.image.name = name
        }
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
            status.details["domain"] = record.domain.name
            status.details["uuid"] = record.uuid
            status.details["vcpus"] = String(record.shape.vcpus)
            status.details["memoryMiB"] = String(record.shape.memoryMiB)
            status.details["accelerator"] = (record.hardware?.accelerator ?? settings.accelerator).rawValue
            status.details["consoleLog"] = "\(folder(record))/\(MachineFile.consoleLog.rawValue)"
        }
        return status
    }

    /// Changes the limits of a VM's processors; its memory is what it was made with.
    func updateResources(
        _ resources: LinuxResources,
        ofContainer id: String
    ) async throws(PodServiceError) {
        guard let known = try await container(id) else { throw PodServiceError.noContainer(id) }
        try await shielded { [self] in
            try await locks.holding(known.sandboxID) {
                guard var container = await store.containers[known.id],
                    let sandbox = await store.sandboxes[known.sandboxID]
                else { throw PodServiceError.noContainer(id) }
                guard container.phase == .created || container.phase == .running else {
                    throw PodServiceError(
                        .failedPrecondition,
                        "the container \(container.id) can't be given resources: it is \(container.phase.rawValue)"
                    )
                }
                let old = container.configuration.resources ?? LinuxResources()
                let new = old.updated(with: resources)
                guard new.memoryLimit == old.memoryLimit else {
                    throw PodServiceError(
                        .invalidArgument,
                        "the memory of a VM is what it was made with: \(old.memoryLimit) bytes can't become \(new.memoryLimit); make the pod anew"
                    )
                }
                container.configuration.resources = new
                let cgroup = try cgroup(container, sandbox)
                try cgroup.check(resources)
                // What can't be granted is not kept: it would spoil every later update.
                var former: [PodCgroup.Former] = []
                if container.phase == .running {
                    do throws(SystemError) {
                        former = try cgroup.replace(limits(container, sandbox))
                    } catch {
                        throw Self.limitRefusal(error)
                    }
                }
                do { try await store.save(container) } catch {
                    cgroup.restore(former)
                    throw error
                }
            }
        }
    }

    /// What the kernel refuses of limits is wrong in the request.
    static func limitRefusal(_ error: SystemError) -> PodServiceError {
        let isMistake = [EINVAL, ERANGE, EDOM, ENODEV].contains(error.errno)
        return PodServiceError(
            isMistake ? .invalidArgument : .internalError,
            "the resources can't be granted: \(error.message)"
        )
    }

    /// Opens a container's log anew, after it was rotated.
    func reopenLog(ofContainer id: String) async throws(PodServiceError) {
        guard let record = try await container(id) else { throw PodServiceError.noContainer(id) }
        do {
            guard try await logs.reopen(record.id) else {
                throw PodServiceError(
                    .failedPrecondition,
                    "the container \(record.id) writes no log: it does not run, or has no log_path"
                )
            }
        } catch { throw Self.error(error) }
    }
}
