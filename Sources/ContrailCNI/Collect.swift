// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import JSON
import LinuxSystem
import Netlink
import NetworkTypes
import OwedDeletions
import PluginFloor
import PreparedInterface
import VRouter

extension ContrailPlugin {
    /// Removes what this network and this runtime made and no valid attachment needs.
    public func collectGarbage(
        keeping valid: [CNIAttachment],
        _ configuration: CNIConfiguration
    ) throws(CNIError) {
        let contrail = try ContrailConfiguration(configuration)
        let owner = try VMInterfaceRequest.owner(ofGarbageIn: configuration) ?? Plan.containerRuntime
        let garbage = Garbage(of: configuration, owner, keeping: valid)
        try garbage.collect(from: contrail.store) { container, names, failures throws(CNIError) in
            try collect(container, names, garbage, contrail, &failures)
        }
    }

    private func collect(
        _ container: ContainerID,
        _ names: [InterfaceName],
        _ garbage: Garbage,
        _ configuration: ContrailConfiguration,
        _ failures: inout [String]
    ) throws(CNIError) {
        let store = configuration.store
        var stale: [InterfaceName] = []
        for name in names {
            let key = InterfaceKey(containerID: container, interface: name)
            var saved: PreparedInterface?
            do throws(InterfaceStore.Failure) {
                saved = try store.load(key, .record)
                if saved == nil { saved = try store.load(key, .plan) }
            } catch {
                // Whose it is can't be known.
                failures.append(error.message)
                continue
            }
            guard let saved, saved.vmi != nil, !stale.contains(saved.addedWith),
                garbage.includes(saved, addedWith: saved.addedWith)
            else { continue }
            stale.append(saved.addedWith)
        }
        guard !stale.isEmpty else { return }
        let deadline = monotonicMicroseconds() + configuration.overallLimit
        let client = AgentClient(
            configuration.agent,
            requestLimit: configuration.requestLimit,
            deadline: deadline
        )
        let removal = Removal(
            configuration: configuration,
            ports: Ports(agent: client, configuration: configuration),
            socket: try attaching { () throws(AttachmentError) in try openNetlink() },
            deadline: deadline
        )
        for interface in stale {
            try delete(container, addedWith: interface, vmName: nil, removal)
        }
    }
}
