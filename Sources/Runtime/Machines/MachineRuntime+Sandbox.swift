// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import CNIProtocol
import JSON
import LinuxSystem
import NetworkTypes
import PreparedInterface

extension MachineRuntime {
    /// Attaches the sandbox to its networks, and reads what the plugins prepared.
    func attach(
        _ machine: inout Machine,
        _ network: MachineRequest.Network
    ) async throws -> [PreparedInterface] {
        var names: [InterfaceName] = []
        switch network {
        case .none: return []
        case .prepared: break
        case .attach(let networks):
            try await makeSandbox(of: machine)
            for (index, network) in networks.enumerated() {
                progress("Attaching \(network.interface.text) to its network")
                machine.sandbox.networks[index].result = try await plugins.add(
                    attachment(of: machine, to: network)
                )
                try store.save(machine)
                names.append(network.interface)
            }
        }
        return try PreparedNetwork(
            of: machine.sandbox.containerID,
            names: names,
            in: settings.interfacesFolder
        ).interfaces
    }

    private func makeSandbox(of machine: Machine) async throws {
        guard let path = machine.sandbox.namespace else { return }
        let failure = await onThreadOfItsOwn { () -> SystemError? in
            do throws(SystemError) {
                try NamedNamespace.make(path)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        guard try needsSandboxFile(machine) else { return }
        try Files.write(vmInterface(of: machine).file.serialized(), to: sandboxFile(of: machine))
    }

    /// Whether a list has no plugin that is told by its capability: a meta plugin's delegates then find what
    /// the VM asks of them in a file.
    private func needsSandboxFile(_ machine: Machine) throws -> Bool {
        for network in machine.sandbox.networks {
            do throws(CNIError) {
                let list = try CNINetworkList(Array(network.list.utf8))
                if !list.declares("vmInterface") { return true }
            } catch {
                throw MachineError("read the network of \(network.interface.text)", error.message)
            }
        }
        return false
    }

    func attachment(of machine: Machine, to network: SandboxNetwork) -> NetworkAttachment {
        let sandbox = machine.sandbox
        return NetworkAttachment(
            containerID: sandbox.containerID,
            namespace: sandbox.namespace ?? "",
            interface: network.interface,
            list: network.list,
            result: network.result,
            podNamespace: sandbox.podNamespace,
            podName: sandbox.podName,
            vmInterface: vmInterface(of: machine)
        )
    }

    func vmInterface(of machine: Machine) -> NetworkAttachment.VMInterface {
        NetworkAttachment.VMInterface(
            queues: max(2, machine.vcpus),
            ownerUID: machine.user.uid,
            runtime: Self.name
        )
    }

    func sandboxFile(of machine: Machine) -> String {
        "\(settings.sandboxesFolder)/\(machine.sandbox.containerID.text).json"
    }
}
