// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CloudInit
package import Confinement
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
        let media = Media(settings: settings, folder: store.folder(of: machine.name), user: machine.user)
        try await media.makeDisk(over: machine.image)
        try await media.makeSeed(seed)
        try media.makeConsoleLog()
    }

    /// Starts the domain paused and lets it run when it is written down as started.
    func start(_ machine: inout Machine, _ interfaces: [PreparedInterface]) async throws {
        progress("Starting the VM")
        let domain = try domain(of: machine, interfaces)
        try Self.socketBan(settings, of: [machine] + store.list()).ensure()
        try await QueueService.serving(domain, interfaces) {
            try await hypervisor.start(domain.xml, name: domain.name, paused: true)
        }
        machine.wasStarted = true
        try store.save(machine)
        try await hypervisor.resume(machine.domain)
    }

    /// The rule that keeps the users of machines' emulators from the node's IP.
    package static func socketBan(_ settings: Settings, of machines: [Machine]) -> SocketBan {
        let configured = settings.users.first...settings.users.last
        let others = Set(machines.map(\.user.uid)).filter { !configured.contains($0) }.sorted()
        return SocketBan(SocketRule(users: [configured] + others.map { $0...$0 }), of: .machines)
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
        if devices.contains(where: { $0.backend == .wrappedTap }) {
            domain.wrapper = Domain.Wrapper(
                path: settings.wrapper,
                socket: store.path(.queueSocket, of: machine.name),
                offersVhost: access("/dev/vhost-net", R_OK | W_OK) == 0
            )
        }
        return domain
    }
}
