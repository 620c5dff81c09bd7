// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML
import Foundation
import Libvirt
import LinuxSystem
import Machines
import Pods
import PreparedInterface

extension PodRuntime {
    /// Starts a container's VM, in its cgroup; one that runs is left as it is.
    ///
    /// The pod's lock is not held while it waits for its turn, for libvirt and for a vRouter.
    func startContainer(_ id: String) async throws(PodServiceError) {
        guard let known = try await container(id) else { throw PodServiceError.noContainer(id) }
        try await makingRoom { [self] in
            while true {
                switch try await beginStart(of: known) {
                case .isRunning: return
                // The same call again, by a kubelet that did not hear the answer.
                case .isUnderWay: await starting.ended(known.id)
                case .begun(let container, let sandbox):
                    defer { starting.end(container.id) }
                    return try await finishStart(of: container, sandbox)
                }
            }
        }
    }

    private enum Beginning {
        case isRunning
        case isUnderWay
        case begun(ContainerRecord, SandboxRecord)
    }

    /// Writes down that a container is being started, if it can be.
    private func beginStart(of known: ContainerRecord) async throws -> Beginning {
        try await locks.holding(known.sandboxID) {
            guard !starting.contains(known.id) else { return .isUnderWay }
            guard var container = await store.containers[known.id],
                let sandbox = await store.sandboxes[known.sandboxID]
            else { throw PodServiceError.noContainer(known.id) }
            switch container.phase {
            case .running: return .isRunning
            case .created:
                // The network of one that was stopped, also by the node's reboot, is gone.
                guard sandbox.isReady else {
                    throw PodServiceError(
                        .failedPrecondition,
                        "the container \(container.id) can't be started: its sandbox \(sandbox.id) is not ready"
                    )
                }
            case .making, .starting, .exited:
                throw PodServiceError(
                    .failedPrecondition,
                    "the container \(container.id) can't be started: it is \(container.phase.rawValue)"
                )
            }
            container.phase = .starting
            container.startedAt = Self.now()
            container.earlierMemoryKills = try cgroup(container, sandbox).podsMemoryKills
            try await store.save(container)
            _ = starting.begin(container.id)
            return .begun(container, sandbox)
        }
    }

    /// Starts it, and writes down how that went.
    private func finishStart(of container: ContainerRecord, _ sandbox: SandboxRecord) async throws {
        var container = container
        do {
            try await starts.holding(container.id) { try await start(container, sandbox) }
            container.phase = .running
            let running = container
            try await locks.holding(sandbox.id) { try await store.save(running) }
        } catch {
            if await abandon(container) { await endProcesses(of: sandbox, besides: container) }
            await logs.finish(container.id)
            container.phase = .exited
            container.ending = ContainerRecord.Ending(
                finishedAt: Self.now(),
                code: 128,
                reason: "StartError",
                message: Self.error(error).message
            )
            let failed = container
            try await locks.holding(sandbox.id) { try await store.save(failed) }
            throw error
        }
    }

    private func start(_ container: ContainerRecord, _ sandbox: SandboxRecord) async throws {
        func milliseconds(_ duration: Duration) -> Int { Int((duration / .milliseconds(1)).rounded()) }
        let clock = ContinuousClock()
        let begin = clock.now
        let interfaces = try interfaces(of: sandbox)
        let hardware = try hardware(of: container, interfaces)
        let taps = try hardware.taps(of: interfaces)
        try await ensureSocketBan()
        // An earlier attempt's emulator may have left children.
        await endProcesses(of: sandbox, besides: container)
        let askedAt = EmulatorProcess.ticks()
        let called = clock.now
        try await QueueService.serving(
            taps,
            to: hardware.wrapper,
            at: media(container, sandbox).path(.queueSocket),
            as: sandbox.user
        ) {
            try await patiently(container, with: Self.awaitedSockets(interfaces)) {
                do throws(LibvirtError) {
                    try await hypervisor.start(defined: container.domain, paused: true)
                } catch {
                    if let refusal = Self.processorRefusal(error, container) { throw refusal }
                    throw error
                }
            }
        }
        let answered = clock.now
        try await confine(container, sandbox, askedAt: askedAt)
        try await follow(container, sandbox)
        let resumed = try await clock.measure { try await hypervisor.resume(container.domain) }
        let taken = milliseconds(clock.now - begin)
        startDurations.withLock { $0.note(taken) }
        log(
            "container \(container.id): runs after \(taken) ms, "
                + "libvirt's share is \(milliseconds(answered - called + resumed)) ms"
        )
    }

    /// Where QEMU listens: it comes up when the vRouter has connected.
    static func awaitedSockets(_ interfaces: [PreparedInterface]) -> [String] {
        interfaces.compactMap { interface in
            guard case .vhostUser(let socket) = interface.attachment, socket.listener == .guest else {
                return nil
            }
            return socket.path
        }
    }

    /// Starts a VM that may wait for the vRouter: not for ever.
    private func patiently(
        _ container: ContainerRecord,
        with sockets: [String],
        _ start: () async throws -> Void
    ) async throws {
        guard !sockets.isEmpty else { return try await start() }
        let patience = Duration.seconds(settings.vrouterSeconds)
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        let end = Task { [self] in
            try await Task.sleep(for: patience)
            while await !abandon(container) { try await Task.sleep(for: .seconds(1)) }
        }
        defer { end.cancel() }
        do {
            try await start()
        } catch {
            guard clock.now >= deadline else { throw error }
            throw PodServiceError(
                .unavailable,
                "the container \(container.id) can't be started: no vRouter came to \(sockets.joined(separator: " and ")) "
                    + "within \(settings.vrouterSeconds) s: does it run on DPDK, and is that its folder for sockets?"
            )
        }
    }

    /// Ends a VM whose start failed or is given up, and tells whether it is ended; what went wrong is in the log.
    @discardableResult
    func abandon(_ container: ContainerRecord) async -> Bool {
        do throws(LibvirtError) {
            try await hypervisor.destroy(container.domain)
            return true
        } catch {
            log("container \(container.id): its VM, whose start failed, can't be ended: \(error.description)")
            return false
        }
    }

    /// Puts a paused QEMU into the pod's cgroup, with the pod's limits.
    private func confine(
        _ container: ContainerRecord,
        _ sandbox: SandboxRecord,
        askedAt: UInt64
    ) async throws {
        let process = try EmulatorProcess(
            file: "\(settings.processFolder)/\(container.domain.name).pid",
            EmulatorProcess.Expectation(
                user: sandbox.user,
                program: settings.machines.qemu.path,
                askedAt: askedAt
            )
        )
        try await cgroup(container, sandbox).take(process.identifier, limits(container, sandbox))
        // Its id may have become another's since.
        guard process.isThere else {
            throw PodServiceError(.internalError, "the VM's emulator ended while its cgroup was made")
        }
    }

    /// The limits of QEMU with its guest.
    func limits(_ container: ContainerRecord, _ sandbox: SandboxRecord) -> CgroupLimits {
        let resources = container.configuration.resources ?? LinuxResources()
        let overhead = max(0, sandbox.configuration.overhead?.memoryLimit ?? 0)
        return CgroupLimits(
            resources: resources,
            memory: resources.memoryLimit > 0 ? resources.memoryLimit + overhead : nil
        )
    }

    func cgroup(_ container: ContainerRecord, _ sandbox: SandboxRecord) throws(PodServiceError) -> PodCgroup {
        let parent = sandbox.configuration.cgroupParent
        guard let path = CgroupPath(parent: parent, containerID: String(container.id.prefix(16))) else {
            throw PodServiceError(
                .invalidArgument,
                "the cgroup_parent \"\(PodServiceError.shortened(parent))\" is not a path of a cgroup"
            )
        }
        return PodCgroup(root: settings.cgroupRoot, path)
    }

    /// Begins to copy the console into the log that the caller named; nothing where it named none.
    ///
    /// `mustOpen`: whether a log that can't be opened is an error; else that is tried again.
    func follow(
        _ container: ContainerRecord,
        _ sandbox: SandboxRecord,
        mustOpen: Bool = true
    ) async throws {
        let folder = sandbox.configuration.logDirectory
        guard let path = try LogPath(folder: folder, name: container.configuration.logPath) else { return }
        let source = ConsoleLog.Source(
            console: media(container, sandbox).path(.consoleLog),
            stateFile: "\(self.folder(container))/console.json",
            logFile: path,
            mustOpen: mustOpen
        )
        try await logs.follow(container.id, source)
    }
}
