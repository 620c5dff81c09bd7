// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
package import DomainXML
import LinuxSystem
import NetworkTypes

extension MachineRuntime {
    func draft(
        _ request: MachineRequest,
        image: Image,
        uid: UInt32
    ) throws(MachineError) -> Machine {
        let uuid = try newUUID()
        let id = "\(Self.name)-\(request.name)-\(uuid.text.prefix(8))"
        guard let containerID = ContainerID(id) else {
            throw MachineError("name a sandbox", "\(id) is no id")
        }
        var sandbox = Sandbox(
            containerID: containerID,
            namespace: nil,
            networks: [],
            podNamespace: request.podNamespace,
            podName: request.podName
        )
        switch request.network {
        case .attach(let networks):
            sandbox.namespace = "\(settings.namespaceFolder)/\(id)"
            sandbox.networks = networks
        case .prepared(let container): sandbox.containerID = container
        case .none: break
        }
        return Machine(
            name: request.name,
            uuid: uuid,
            user: Domain.User(uid: uid, gid: Self.group(uid, request.accelerator)),
            sandbox: sandbox,
            image: image,
            memoryMiB: request.memoryMiB,
            vcpus: request.vcpus,
            board: request.board,
            accelerator: request.accelerator,
            wasStarted: false
        )
    }

    /// A group of the machine's own, or the one that may open /dev/kvm.
    package static func group(_ uid: UInt32, _ accelerator: Domain.Accelerator) -> UInt32 {
        var status = stat()
        guard accelerator == .kvm, stat("/dev/kvm", &status) == 0, status.st_mode & 0o006 != 0o006 else {
            return uid
        }
        return status.st_gid
    }

    private func newUUID() throws(MachineError) -> UUID {
        do throws(SystemError) {
            let text = try Files.read("/proc/sys/kernel/random/uuid", limit: 64) ?? []
            if let uuid = UUID(String(decoding: text.prefix { $0 > 0x20 }, as: UTF8.self)) { return uuid }
        } catch {
            throw MachineError("make a UUID", error)
        }
        throw MachineError("make a UUID", "the kernel gave none")
    }
}
