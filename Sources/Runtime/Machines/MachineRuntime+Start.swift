// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CloudInit
import DomainXML
import LinuxSystem
import PreparedInterface

extension MachineRuntime {
    func makeMedia(
        of machine: Machine,
        _ guest: GuestDescription,
        _ interfaces: [PreparedInterface]
    ) async throws {
        progress("Making the disk and the seed medium")
        var guest = guest
        guest.instanceID = machine.uuid.text
        let seed = try Seed(guest: guest, interfaces: interfaces.map { GuestInterface($0) })
        let media = Media(store: store)
        try await media.makeDisk(of: machine)
        try await media.makeSeed(seed, of: machine)
        try media.makeConsoleLog(of: machine)
    }

    /// Starts the domain paused and lets it run when it is written down as started.
    func start(_ machine: inout Machine, _ interfaces: [PreparedInterface]) async throws {
        progress("Starting the VM")
        let domain = try domain(of: machine, interfaces)
        if let wrapper = domain.wrapper {
            try await start(domain, wrapper, interfaces)
        } else {
            try await hypervisor.start(domain.xml, name: domain.name, paused: true)
        }
        machine.wasStarted = true
        try store.save(machine)
        try await hypervisor.resume(machine.uuid.text)
    }

    /// Starts a domain whose taps are served to its wrapper meanwhile.
    private func start(
        _ domain: Domain,
        _ wrapper: Domain.Wrapper,
        _ interfaces: [PreparedInterface]
    ) async throws {
        let vhosts = domain.accelerator == .kvm && wrapper.offersVhost
        let sources = zip(domain.interfaces, interfaces).compactMap {
            device,
            prepared -> QueueService.Source? in
            guard device.opening == .wrapper, case .tap(let tap) = prepared.attachment else { return nil }
            return QueueService.Source(tap: tap, queues: device.queues, vhosts: vhosts ? device.queues : 0)
        }
        let service = QueueService(path: wrapper.socket, user: domain.user.uid, wrapper: wrapper.path)
        let listening = try service.listen()
        async let served = onThreadOfItsOwn { () -> MachineError? in
            service.serve(sources, on: listening, seconds: 60)
        }
        do {
            try await hypervisor.start(domain.xml, name: domain.name, paused: true)
        } catch {
            service.cancel()
            // What went wrong at our side explains why the emulator gave up.
            if let failure = await served { throw failure }
            throw error
        }
        if let failure = await served { throw failure }
    }

    private func domain(of machine: Machine, _ interfaces: [PreparedInterface]) throws -> Domain {
        var devices: [DomainInterface] = []
        for (index, interface) in interfaces.enumerated() {
            devices.append(try DomainInterface(interface, index: index, vcpus: machine.vcpus))
        }
        let disk = Domain.Disk(
            path: store.path(.disk, of: machine.name),
            format: .qcow2,
            base: Domain.Base(path: machine.image.path, format: machine.image.format)
        )
        let seed = Domain.Disk(path: store.path(.seed, of: machine.name), format: .raw, isReadOnly: true)
        var domain = Domain(
            name: machine.name,
            uuid: machine.uuid,
            memoryMiB: machine.memoryMiB,
            vcpus: machine.vcpus,
            machine: machine.board,
            accelerator: machine.accelerator,
            disks: [disk, seed],
            interfaces: devices,
            consoleLog: store.path(.consoleLog, of: machine.name),
            user: machine.user,
            owner: Self.name
        )
        if devices.contains(where: { $0.opening == .wrapper }) {
            domain.wrapper = Domain.Wrapper(
                path: settings.wrapper,
                socket: store.path(.queueSocket, of: machine.name),
                offersVhost: access("/dev/vhost-net", R_OK | W_OK) == 0
            )
        }
        return domain
    }
}
