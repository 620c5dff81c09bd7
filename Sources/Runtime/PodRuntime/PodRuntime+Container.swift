// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import DomainXML
import Foundation
import Libvirt
import LinuxSystem
import Machines
import NetworkTypes
import Pods
import PreparedInterface

extension PodRuntime {
    /// Makes a container: its disk, its seed and its domain, which does not run yet.
    ///
    /// The same call again finds it. `machine`: what an operator asks for beyond it.
    func createContainer(
        _ configuration: ContainerConfiguration,
        in sandboxID: String,
        machine: MachineRequest? = nil
    ) async throws(PodServiceError) -> String {
        guard let known = try await sandbox(sandboxID) else { throw PodServiceError.noSandbox(sandboxID) }
        var shape = try await shape(configuration, in: known)
        if let machine { shape.memoryMiB = machine.memoryMiB }
        let memory = try memory(configuration, in: known, shape, machine)
        let hardware = try hardware(machine)
        let (final, request) = (shape, try ContainerRequest(configuration, in: known.configuration))
        return try await makingRoom { [self] in
            try await locks.holding(known.id) {
                guard let sandbox = await store.sandboxes[known.id], sandbox.isReady else {
                    throw PodServiceError(.failedPrecondition, "the sandbox \(known.id) is not ready")
                }
                if let same = try await sameOrNone(configuration, in: sandbox) { return same.id }
                // A log's name comes from kubelet, but leads nowhere else all the same.
                _ = try LogPath(folder: sandbox.configuration.logDirectory, name: configuration.logPath)
                let interfaces = try await preparedInterfaces(of: sandbox)
                var decided = hardware
                decided.decide(
                    try Self.devices(interfaces, vcpus: final.vcpus),
                    of: interfaces,
                    wrapper: settings.machines.wrapper
                )
                await releaseImages()
                let id = Self.newID()
                let image = try await image(configuration.image, machine?.image, for: id)
                do throws(PodServiceError) {
                    try rootVolume(final, image).check()
                } catch {
                    unused.withLock { _ = $0.insert(id) }
                    await releaseImages()
                    throw error
                }
                let container = ContainerRecord(
                    id: id,
                    sandboxID: sandbox.id,
                    configuration: configuration,
                    imageID: image.id,
                    imagePath: image.path,
                    imageFormat: image.format.rawValue,
                    uuid: Foundation.UUID().uuidString.lowercased(),
                    shape: final,
                    hardware: decided,
                    createdAt: Self.now()
                )
                do {
                    try cgroup(container, sandbox).check(configuration.resources ?? LinuxResources())
                    try await store.save(container)
                } catch {
                    // Nothing is written down that would remind us.
                    unused.withLock { _ = $0.insert(id) }
                    await releaseImages()
                    throw error
                }
                do {
                    let seed = try await seed(container, sandbox, interfaces, machine?.guest)
                    let made = try await make(container, in: sandbox, interfaces, seed, image, request)
                    log("container \(container.id): \(memory)")
                    return made
                } catch {
                    log("container \(container.id): \(error); undoing what was made")
                    try await remove(container)
                    throw error
                }
            }
        }
    }

    /// Lets images go that were taken for containers that could not be written down; what fails is tried again.
    func releaseImages() async {
        let owed = unused.withLock { Array($0) }
        for id in owed {
            do {
                try await images.release(id)
                unused.withLock { _ = $0.remove(id) }
            } catch { log("\(error)") }
        }
    }

    /// A sandbox whose network is not to be found is not ready: kubelet then makes another one instead of trying for ever.
    private func preparedInterfaces(of sandbox: SandboxRecord) async throws -> [PreparedInterface] {
        do { return try interfaces(of: sandbox) } catch {
            var broken = sandbox
            broken.phase = .stopped
            try await store.save(broken)
            throw error
        }
    }

    private func image(
        _ reference: ImageReference,
        _ operators: MachineRequest.Image?,
        for id: String
    ) async throws -> NodeImage {
        if case .file(let path) = operators {
            let file = try await Image(checking: path, by: settings.machines.qemuImg)
            return NodeImage(id: path, path: path, format: file.format, virtualSize: 0)
        }
        do {
            if let image = try await images.use(reference, for: id) { return image }
        } catch {
            // It may have been noted all the same.
            unused.withLock { _ = $0.insert(id) }
            await releaseImages()
            throw error
        }
        throw PodServiceError(
            .notFound,
            "the image \"\(PodServiceError.shortened(reference.name))\" is not on this node: pull it first"
        )
    }

    /// The container that this very call made before; nil where there is room for a new one.
    ///
    /// - Throws: Where the pod has another container: a VM pod has one.
    private func sameOrNone(
        _ configuration: ContainerConfiguration,
        in sandbox: SandboxRecord
    ) async throws -> ContainerRecord? {
        var others = await store.containers(of: sandbox.id)
        // Whoever holds the pod's lock finds only what was given up half made, and could not be undone then.
        for other in others where other.phase == .making { try await remove(other) }
        others.removeAll { $0.phase == .making }
        if let same = others.first(where: { $0.configuration.metadata == configuration.metadata }) {
            guard same.configuration == configuration else {
                throw PodServiceError(
                    .alreadyExists,
                    "attempt \(configuration.metadata.attempt) at the container \"\(configuration.metadata.name)\" is there (\(same.id))"
                )
            }
            return same
        }
        let asked = PodServiceError.shortened(configuration.metadata.name)
        for other in others {
            let name = other.configuration.metadata.name
            guard name == configuration.metadata.name else {
                throw PodServiceError(
                    .invalidArgument,
                    "the container \"\(asked)\" can't run in a VM pod, which is one VM, here \"\(name)\": init containers and "
                        + "sidecars have no place in it. Leave it out, or switch its injection off for this pod"
                )
            }
            // kubelet starts what it has made at once or never: after a failure it makes another attempt.
            if other.phase == .created {
                try await save(other, endedAs: GuestEnding.neverStarted)
                continue
            }
            // One that is being started, though no start is under way, was given up and could not be written down.
            if other.phase == .starting, !starting.contains(other.id) {
                try await hypervisor.destroy(other.domain)
                try await finish(other, .unknown)
                continue
            }
            guard other.phase == .exited else {
                throw PodServiceError(
                    .failedPrecondition,
                    "the container \"\(name)\" has not ended (\(other.id)): a VM pod is one VM at a time"
                )
            }
        }
        return nil
    }

    /// Makes the files of a container and defines its domain.
    private func make(
        _ container: ContainerRecord,
        in sandbox: SandboxRecord,
        _ interfaces: [PreparedInterface],
        _ seed: Seed,
        _ image: NodeImage,
        _ request: ContainerRequest
    ) async throws -> String {
        try Files.makeFolder(folder(container), mode: 0o711)
        let media = media(container, sandbox)
        try await media.makeDisk(
            over: Image(path: image.path, format: image.format),
            size: container.shape.rootSize
        )
        try await media.makeSeed(seed)
        try media.makeConsoleLog(request.notice.map { Array("\($0)\n".utf8) } ?? [])
        do {
            try await hypervisor.define(try domain(container, sandbox, interfaces).xml, name: container.id)
        } catch let error as LibvirtError {
            if let refusal = Self.processorRefusal(error, container) { throw refusal }
            throw error
        }
        var made = container
        made.phase = .created
        try await store.save(made)
        return container.id
    }

    /// What libvirt says against a processor that the pod's author chose; nil where its error is about something else.
    static func processorRefusal(_ error: LibvirtError, _ container: ContainerRecord) -> PodServiceError? {
        let annotation: String
        switch container.shape.cpu {
        case .best: return nil
        case .host: annotation = "VirtletCPUModel"
        case .model: annotation = "VirtletLibvirtCPUSetting"
        }
        guard error.concernsProcessor else { return nil }
        return PodServiceError(
            .invalidArgument,
            "the annotation \(annotation) asks for a processor that this node does not have: \(error.message)"
        )
    }

    /// Removes a container and all that was made for it.
    func removeContainer(_ id: String) async throws(PodServiceError) {
        guard let known = try await container(id) else { return }
        try await shielded { [self] in
            try await endNow(known)
            try await ending(known.sandboxID) {
                guard let container = await store.containers[known.id] else { return }
                try await remove(container)
            }
        }
    }

    /// Writes down how a container's guest ended.
    func finish(_ container: ContainerRecord, _ ending: DomainEnding) async throws {
        if ending == .guestCrashed { try await hypervisor.destroy(container.domain) }
        try await save(container, endedAs: GuestEnding(try await reason(ending, container)))
    }

    private func save(_ container: ContainerRecord, endedAs meaning: GuestEnding) async throws {
        var ended = container
        ended.phase = .exited
        ended.ending = ContainerRecord.Ending(
            finishedAt: Self.now(),
            code: meaning.code,
            reason: meaning.reason,
            message: meaning.message
        )
        try await store.save(ended)
        log("container \(container.id): ended: \(meaning.reason), \(meaning.code)")
    }

    /// An end that the kernel brought about is told as such.
    private func reason(_ ending: DomainEnding, _ container: ContainerRecord) async throws -> DomainEnding {
        guard [.emulatorFailed, .unknown].contains(ending),
            let sandbox = await store.sandboxes[container.sandboxID],
            let cgroup = try? cgroup(container, sandbox)
        else { return ending }
        let kills = cgroup.memoryKills ?? (cgroup.podsMemoryKills ?? 0) - (container.earlierMemoryKills ?? 0)
        return kills > 0 ? .outOfMemory : ending
    }

    /// Removes a container and all that was made for it; ends its guest where it runs.
    func remove(_ container: ContainerRecord) async throws {
        try await hypervisor.destroy(container.domain)
        await logs.finish(container.id)
        try await hypervisor.undefine(container.domain)
        if let sandbox = await store.sandboxes[container.sandboxID] {
            await endProcesses(of: sandbox, besides: container)
            // With a parent that is not a path nothing was made: an undo validates nothing.
            if let group = try? cgroup(container, sandbox) { try group.remove() }
        }
        removeProfile(container)
        try removeTree(folder(container))
        try await images.release(container.id)
        try await store.removeContainer(container.id)
    }

    /// libvirt leaves what it wrote of a VM for AppArmor, for the next start of the same.
    private func removeProfile(_ container: ContainerRecord) {
        // A domain that an earlier build made may have a UUID that is another's, too.
        guard container.uuid != container.shape.systemUUID else { return }
        let profile = "\(settings.examination.profilesFolder)/libvirt/libvirt-\(container.uuid)"
        for file in [profile, "\(profile).files"] {
            // It harms nobody where it can't be removed.
            do throws(SystemError) { try Files.remove(file) } catch {
                log("container \(container.id): \(error.message)")
            }
        }
    }

    // MARK: - What it is made of

    private func rootVolume(_ shape: GuestShape, _ image: NodeImage) -> RootVolume {
        RootVolume(
            size: shape.rootSize,
            imageSize: Int64(clamping: image.virtualSize),
            limit: settings.rootVolumeLimit,
            free: Ballast.free(at: settings.podsFolder)
        )
    }

    func folder(_ container: ContainerRecord) -> String { "\(settings.podsFolder)/\(container.id)" }

    /// How much memory the guest has, and why, in words.
    private func memory(
        _ configuration: ContainerConfiguration,
        in sandbox: SandboxRecord,
        _ shape: GuestShape,
        _ machine: MachineRequest?
    ) throws(PodServiceError) -> String {
        guard machine == nil else { return "the guest has \(shape.memoryMiB) MiB, as its operator asked" }
        return try GuestMemory(
            configuration.resources,
            overhead: sandbox.configuration.overhead,
            vcpus: shape.vcpus,
            needs: settings.needs,
            nodeBytes: nodeMemory
        ).description
    }

    /// What is decided before the interfaces are known: by the operator, or else the node.
    private func hardware(_ machine: MachineRequest?) throws(PodServiceError) -> GuestHardware {
        try GuestHardware(
            accelerator: Self.word(machine?.accelerator, "accelerator") ?? settings.accelerator,
            board: Self.word(machine?.machineType, "machine_type") ?? settings.board
        )
    }

    private static func word<Value: RawRepresentable<String> & CaseIterable>(
        _ word: String?,
        _ field: String
    ) throws(PodServiceError) -> Value? {
        guard let word else { return nil }
        if let value = Value(rawValue: word) { return value }
        let known = Value.allCases.map(\.rawValue).joined(separator: " or ")
        throw PodServiceError(
            .invalidArgument,
            "the \(field) \"\(PodServiceError.shortened(word))\" is not known: write \(known)"
        )
    }

    /// What was decided about a VM; about one that an earlier build made, what is decided now.
    func hardware(
        of container: ContainerRecord,
        _ interfaces: [PreparedInterface]
    ) throws -> GuestHardware {
        if let hardware = container.hardware { return hardware }
        var hardware = GuestHardware(accelerator: settings.accelerator, board: settings.board)
        hardware.decide(
            try Self.devices(interfaces, vcpus: container.shape.vcpus),
            of: interfaces,
            wrapper: settings.machines.wrapper
        )
        return hardware
    }

    private static func devices(
        _ interfaces: [PreparedInterface],
        vcpus: Int
    ) throws -> [DomainInterface] {
        try interfaces.enumerated().map {
            try DomainInterface($0.element, index: $0.offset, vcpus: vcpus)
        }
    }

    private func user(_ container: ContainerRecord, _ sandbox: SandboxRecord) -> Domain.User {
        let accelerator = container.hardware?.accelerator ?? settings.accelerator
        return Domain.User(ofEmulator: sandbox.user, accelerator)
    }

    func media(_ container: ContainerRecord, _ sandbox: SandboxRecord) -> Media {
        Media(settings: settings.machines, folder: folder(container), user: user(container, sandbox))
    }

    func domain(
        _ container: ContainerRecord,
        _ sandbox: SandboxRecord,
        _ interfaces: [PreparedInterface]
    ) throws -> Domain {
        guard let uuid = NetworkTypes.UUID(container.uuid),
            let format = Domain.Format(rawValue: container.imageFormat)
        else { throw PodServiceError(.internalError, "the record of \(container.id) is broken") }
        let media = media(container, sandbox)
        let hardware = try hardware(of: container, interfaces)
        var domain = Domain(
            name: container.domain.name,
            uuid: uuid,
            memoryMiB: container.shape.memoryMiB,
            vcpus: container.shape.vcpus,
            machine: hardware.board,
            accelerator: hardware.accelerator,
            disks: [
                Domain.Disk(
                    path: media.path(.disk),
                    format: .qcow2,
                    base: Domain.Base(path: container.imagePath, format: format)
                ), Domain.Disk(path: media.path(.seed), format: .raw, isReadOnly: true),
            ],
            interfaces: try Self.devices(interfaces, vcpus: container.shape.vcpus),
            consoleLog: media.path(.consoleLog),
            user: user(container, sandbox),
            owner: Self.name
        )
        domain.systemUUID = container.shape.systemUUID.flatMap { NetworkTypes.UUID($0) }
        domain.cpu = container.shape.cpu
        domain.diskBus = container.shape.diskBus ?? .virtio
        domain.keepsPanicked = true
        domain.translationCacheMiB = settings.needs(with: hardware.accelerator).translationCacheMiB(
            guestMiB: container.shape.memoryMiB,
            vcpus: container.shape.vcpus
        )
        if container.shape.isUEFI {
            domain.firmware = .uefi(variables: "\(folder(container))/nvram.fd")
        }
        domain.wrapper = hardware.wrapper.map {
            Domain.Wrapper(
                path: $0,
                socket: media.path(.queueSocket),
                offersVhost: hardware.usesVhost
            )
        }
        return domain
    }
}
