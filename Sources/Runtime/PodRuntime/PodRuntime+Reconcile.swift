// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import DomainXML
import Libvirt
import LinuxSystem
import Machines
import Pods
import PreparedInterface

extension PodRuntime {
    /// The lock under which sandboxes are written down and garbage is collected.
    static let garbageLock = "garbage"

    /// Brings what is written down and what is there together, after a start: undoes what was half made, ends what
    /// an earlier boot took away, and removes domains and folders of ours that nobody knows.
    public func reconcile() async {
        await attempt("the users of QEMU have the node's IP") { [self] in try await ensureSocketBan() }
        for sandbox in await store.sandboxes.values {
            await attempt("sandbox \(sandbox.id)") { [self] in
                try await locks.holding(sandbox.id) { try await reconcile(sandbox) }
            }
        }
        await attempt("what nobody knows") { [self] in try await sweep() }
        await attempt("the network's garbage") { [self] in try await collectGarbage() }
        await attempt("images") { [self] in
            try await images.collect(containers: Set(await store.containers.keys))
        }
        await checkNetworks()
    }

    /// Tells what has become of interfaces that plugins prepared: their CHECK.
    ///
    /// Nothing is mended by it: the pod would have to be made anew, and its guest with it.
    private func checkNetworks() async {
        for sandbox in await store.sandboxes.values where sandbox.isReady {
            await attempt("sandbox \(sandbox.id): its network is not as it was made") { [self] in
                do {
                    for network in sandbox.networks {
                        try await plugins.check(try attachment(sandbox, network))
                    }
                } catch {
                    // Nothing is locked meanwhile: one that was stopped has no network to look at.
                    guard await store.sandboxes[sandbox.id]?.isReady == true else { return }
                    throw error
                }
            }
        }
    }

    /// Has the plugins of each network remove what no sandbox of ours has.
    ///
    /// A new sandbox does not wait for that: it is given up, and tried again later.
    private func collectGarbage() async throws {
        let collection = Task { [self] in try await collectAll() }
        collecting.withLock { $0 = collection }
        defer { collecting.withLock { $0 = nil } }
        do { try await collection.value } catch {
            guard collection.isCancelled else { throw error }
            log("the network's garbage: given up for a new pod; it is collected later")
        }
    }

    private func collectAll() async throws {
        // A sandbox that is written down meanwhile would not be among those that are kept.
        try await locks.holding(Self.garbageLock) { [self] in
            let sandboxes = await store.sandboxes.values
            var lists = Set(sandboxes.flatMap { $0.networks.map(\.list) })
            if let (text, _) = try? NetworkFolder(path: settings.networkFolder).list() { lists.insert(text) }
            let valid = sandboxes.flatMap { sandbox in
                sandbox.networks.map { (containerID: sandbox.id, interface: $0.interface) }
            }
            for list in lists {
                try Task.checkCancellation()
                try await plugins.collectGarbage(list: list, of: Self.name, keeping: valid)
            }
        }
    }

    private func reconcile(_ sandbox: SandboxRecord) async throws {
        for container in await store.containers(of: sandbox.id) { try await reconcile(container, sandbox) }
        guard sandbox.phase == .making || (sandbox.phase == .ready && sandbox.bootID != bootID) else {
            // A DEL that failed before is owed.
            if sandbox.phase == .stopped { try await takeDown(sandbox) }
            return
        }
        var stopped = sandbox
        stopped.phase = .stopped
        if sandbox.phase == .ready {
            try await store.save(stopped)
            log("sandbox \(sandbox.id): this node was started anew")
        }
        try await takeDown(stopped)
        if sandbox.phase == .making {
            try await store.removeSandbox(sandbox.id)
            log("sandbox \(sandbox.id): it was half made, and is undone")
        }
    }

    private func reconcile(_ container: ContainerRecord, _ sandbox: SandboxRecord) async throws {
        switch container.phase {
        case .making: try await remove(container)
        case .exited: break
        case .created:
            // That it was started has not come to the disk.
            guard let state = try await hypervisor.state(of: container.domain), state.isAlive else { return }
            try await hypervisor.destroy(container.domain)
            try await finish(container, .unknown)
        case .starting:
            // Its queues were served by the process that died: it is not what was asked for.
            try await hypervisor.destroy(container.domain)
            try await finish(container, sandbox.bootID == bootID ? .unknown : .nodeRestarted)
        case .running:
            if sandbox.bootID != bootID {
                try await finish(container, .nodeRestarted)
            } else {
                try await follow(container, sandbox, mustOpen: false)
                guard try await hasEnded(container) else { return }
                await logs.finish(container.id)
                try await finish(container, try await hypervisor.ending(of: container.domain))
            }
        }
    }

    /// Removes domains, folders and namespaces of ours that no container or sandbox has: where the database lost some.
    private func sweep() async throws {
        let containers = await store.containers
        let known = Set(containers.values.map(\.domain))
        let domains = try await hypervisor.domains().filter { !known.contains($0.identity) }
        let folders = try Files.list(settings.podsFolder).filter { containers[$0] == nil }
        for domain in domains { try await hypervisor.destroy(domain.identity) }
        // While their names are still known by the rest: this may be cut off at any point.
        let names = domains.map(\.name) + folders.map { ContainerRecord.domainName($0) }
        try PodCgroup.remove(named: Set(names), below: settings.cgroupRoot)
        for domain in domains {
            try await hypervisor.undefine(domain.identity)
            log("domain \(domain.name): nobody knows it; removed")
        }
        for name in folders {
            try removeTree("\(settings.podsFolder)/\(name)")
            log("folder \(name): nobody knows it; removed")
        }
        let sandboxes = await store.sandboxes
        for id in try Self.sandboxes(in: settings.machines.sandboxesFolder) where sandboxes[id] == nil {
            log("sandbox \(id): nobody knows it; its network is removed")
            try await locks.holding(id) { try await undo(try await adopted(id)) }
        }
    }

    /// A sandbox that the database lost, written down again as one that was half made: a DEL that fails is owed.
    private func adopted(_ id: String) async throws -> SandboxRecord {
        let (list, _) = try NetworkFolder(path: settings.networkFolder).list()
        // Who it was, the plugins' record tells.
        let folder = settings.machines.interfacesFolder
        let pod = ContainerID(id).flatMap {
            try? PreparedNetwork(of: $0, names: [], in: folder).interfaces.first?.pod
        }
        let metadata = PodSandboxMetadata(
            name: pod?.name ?? "cvm-\(id.prefix(16))",
            uid: pod?.uid ?? id,
            namespace: pod?.namespace ?? "default",
            attempt: 0
        )
        let namespace = namespace(id)
        let users = settings.machines.users
        return try await store.insert(users.first...users.last) { [bootID] user in
            SandboxRecord(
                id: id,
                configuration: PodSandboxConfiguration(metadata: metadata),
                handler: "",
                createdAt: Self.now(),
                bootID: bootID,
                user: user,
                namespace: namespace,
                networks: [SandboxRecord.Network(interface: "eth0", list: list)]
            )
        }
    }

    /// Watches the guests, and tries again what is owed, until it is cancelled.
    ///
    /// Each pod has a task of its own: what one waits for holds up no other.
    public func watch() async {
        defer { logs.end() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await watchGuests() }
            group.addTask { [self] in await watchDebts() }
            group.addTask { [self] in await tidyUp() }
        }
    }

    /// Finds guests that have ended.
    private func watchGuests() async {
        await withDiscardingTaskGroup { group in
            while await Self.slept(seconds: 1) {
                for container in await endedGuests() where tended.begin(container.id) {
                    group.addTask { [self] in
                        await attempt("container \(container.id)") { [self] in try await observe(container) }
                        tended.end(container.id)
                    }
                }
            }
        }
    }

    private func endedGuests() async -> [ContainerRecord] {
        let running = await store.containers.values.filter { $0.phase == .running }
        guard !running.isEmpty else { return [] }
        do {
            let alive = try await hypervisor.active()
            return running.filter { !alive.contains($0.domain) }
        } catch {
            log("the guests: \(Self.error(error).message)")
            return []
        }
    }

    /// Writes down the end of a guest that runs no more.
    private func observe(_ container: ContainerRecord) async throws {
        guard try await hasEnded(container) else { return }
        // Whoever reads the log of what has ended reads it whole.
        await logs.finish(container.id)
        try await locks.holding(container.sandboxID) {
            guard let now = await store.containers[container.id], now.phase == .running else { return }
            try await finish(now, try await hypervisor.ending(of: now.domain))
        }
    }

    /// Tries again what could not be taken away.
    private func watchDebts() async {
        let places = Semaphore(4)
        await withDiscardingTaskGroup { group in
            while await Self.slept(seconds: 30) {
                await attempt("the users of QEMU have the node's IP") { [self] in try await ensureSocketBan()
                }
                await releaseImages()
                await store.keepBallast()
                for sandbox in await store.sandboxes.values where sandbox.phase != .ready {
                    guard sandbox.phase == .making || !sandbox.networks.isEmpty, tended.begin(sandbox.id)
                    else {
                        continue
                    }
                    group.addTask { [self] in
                        await attempt("sandbox \(sandbox.id)") { [self] in
                            try await places.holding(sandbox.id) { try await payDebt(of: sandbox.id) }
                        }
                        tended.end(sandbox.id)
                    }
                }
            }
        }
    }

    private func payDebt(of id: String) async throws {
        try await locks.holding(id) {
            if let owed = await store.sandboxes[id] { try await pay(owed) }
        }
    }

    private func pay(_ owed: SandboxRecord) async throws {
        if owed.phase == .making { try await undo(owed) }
        if owed.phase == .stopped { try await takeDown(owed) }
    }

    /// Every ten minutes: garbage, and what has become of the networks.
    private func tidyUp() async {
        while await Self.slept(seconds: 600) {
            await attempt("the network's garbage") { [self] in try await collectGarbage() }
            await attempt("images") { [self] in try await images.collect(containers: nil) }
            await checkNetworks()
        }
    }

    /// Waits.
    /// - Returns: False where it was cancelled.
    private static func slept(seconds: Int) async -> Bool {
        do { try await Task.sleep(for: .seconds(seconds)) } catch { return false }
        return true
    }

    private func attempt(_ what: String, _ body: @escaping @Sendable () async throws -> Void) async {
        do { try await body() } catch { log("\(what): \(Self.error(error).message)") }
    }
}
