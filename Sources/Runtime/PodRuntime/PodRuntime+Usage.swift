// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Machines
import Pods

/// Stats come from cgroups, network devices and files, and never from libvirt or a guest: none of them can hang, and no
/// lock is waited for.
extension PodRuntime {
    /// What a container uses.
    func containerUsage(_ id: String) async throws(PodServiceError) -> ContainerUsage {
        guard let record = try await container(id), record.phase != .making,
            let usage = await usages(of: [record]).first
        else { throw PodServiceError.noContainer(id) }
        return usage
    }

    /// What the containers use that a filter lets through of those whose sandbox is shown, the youngest first.
    func containerUsages(
        _ filter: ContainerFilter,
        _ isShown: (SandboxRecord) -> Bool
    ) async -> [ContainerUsage] {
        let listed = await containers(filter, isShown)
        let records = await store.containers
        return await usages(of: listed.compactMap { records[$0.id] })
    }

    /// What a sandbox uses.
    func sandboxUsage(_ id: String) async throws(PodServiceError) -> PodSandboxUsage {
        guard let record = try await sandbox(id), record.phase != .making else {
            throw PodServiceError.noSandbox(id)
        }
        guard record.phase == .ready else {
            throw PodServiceError(
                .failedPrecondition,
                "the sandbox \(record.id) is not ready: it uses nothing"
            )
        }
        guard let usage = await usages(of: [record]).first else { throw PodServiceError.noSandbox(id) }
        return usage
    }

    /// What the sandboxes use that are ready and that a filter lets through of those that are shown, the youngest first.
    func sandboxUsages(
        _ filter: PodSandboxFilter,
        _ isShown: (SandboxRecord) -> Bool
    ) async -> [PodSandboxUsage] {
        let listed = await sandboxes(filter) { $0.phase == .ready && isShown($0) }
        let records = await store.sandboxes
        return await usages(of: listed.compactMap { records[$0.id] })
    }

    private func usages(of containers: [ContainerRecord]) async -> [ContainerUsage] {
        let sandboxes = await store.sandboxes
        var groups: [String: PodCgroup] = [:]
        var files: [String: [String]] = [:]
        for container in containers {
            guard let sandbox = sandboxes[container.sandboxID] else { continue }
            let media = media(container, sandbox)
            files[container.id] = [media.path(.disk), media.path(.seed), "\(folder(container))/nvram.fd"]
            guard container.phase == .running else { continue }
            do throws(PodServiceError) { groups[container.id] = try cgroup(container, sandbox) } catch {
                // No VM was started in a cgroup that has no path.
            }
        }
        let now = Self.now()
        let (wantedGroups, wantedFiles, folder) = (groups, files, settings.podsFolder)
        async let layers = meter.read {
            wantedFiles.compactMapValues { UsageMeter.layer($0, in: folder, now: now) }
        }
        let measured = await meter.read { wantedGroups.compactMapValues { $0.usage(now: now) } } ?? [:]
        let sizes = await layers ?? [:]
        // What went away meanwhile is not told of.
        let there = await store.containers
        meter.forget(allBut: Set(there.keys).union(await store.sandboxes.keys))
        return containers.compactMap { container in
            guard there[container.id] != nil, sandboxes[container.sandboxID] != nil else { return nil }
            return ContainerUsage(
                container: container.listed,
                group: measured[container.id].map { meter.rated($0, of: container.id) },
                writableLayer: sizes[container.id]
            )
        }
    }

    private func usages(of sandboxes: [SandboxRecord]) async -> [PodSandboxUsage] {
        let ids = Set(sandboxes.map(\.id))
        let containers = await store.containers.values.filter {
            ids.contains($0.sandboxID) && $0.phase != .making
        }
        let theirs = Dictionary(grouping: await usages(of: Array(containers)), by: \.container.sandboxID)
        var devices: [String: [CountedDevice]] = [:]
        var groups: [String: String] = [:]
        for sandbox in sandboxes {
            do { devices[sandbox.id] = try interfaces(of: sandbox).compactMap { CountedDevice($0) } } catch {
                // Its records are gone with its network.
            }
            let parent = sandbox.configuration.cgroupParent
            // Without a parent it has no cgroup of its own.
            guard !parent.isEmpty else { continue }
            groups[sandbox.id] = CgroupPath(parent: parent, containerID: sandbox.id)?.pod
        }
        let now = Self.now()
        let (wantedDevices, wantedGroups, root) = (devices, groups, settings.cgroupRoot)
        async let traffic = meter.read { UsageMeter.traffic(of: wantedDevices) }
        let measured =
            await meter.read {
                wantedGroups.compactMapValues { PodCgroup.usage($0, below: root, now: now) }
            } ?? [:]
        let interfaces = await traffic ?? [:]
        let there = await store.sandboxes
        return sandboxes.compactMap { sandbox in
            guard there[sandbox.id]?.phase == .ready else { return nil }
            let own = theirs[sandbox.id] ?? []
            return PodSandboxUsage(
                sandbox: sandbox.listed,
                group: measured[sandbox.id].map { meter.rated($0, of: sandbox.id) }
                    ?? own.compactMap(\.group).first,
                interfaces: interfaces[sandbox.id] ?? [],
                interfacesMeasuredAt: now,
                containers: own
            )
        }
    }
}
