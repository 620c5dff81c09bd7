// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import JSON
import LinuxSystem
import Netlink
import NetworkTypes
import OwedDeletions
import PreparedInterface
import VRouter

extension ContrailPlugin {
    /// Removes what this network and this runtime made and no valid attachment needs.
    ///
    /// A failure does not keep the others from being removed; all are told at the end.
    public func collectGarbage(
        keeping valid: [CNIAttachment],
        _ configuration: CNIConfiguration
    ) throws(CNIError) {
        let contrail = try ContrailConfiguration(configuration)
        let owner = try VMInterfaceRequest.owner(ofGarbageIn: configuration) ?? Plan.containerRuntime
        let store = contrail.store
        var failures: [String] = []
        let containers = try files { () throws(SystemError) in try store.containers() }
        for container in containers {
            do throws(CNIError) {
                try collect(
                    container,
                    keeping: valid,
                    of: owner,
                    network: configuration.name,
                    contrail,
                    &failures
                )
            } catch {
                failures.append(error.message)
            }
        }
        guard failures.isEmpty else {
            throw CNIError(
                .io,
                "garbage collection of network \(configuration.name) is incomplete: \(failures.joined(separator: "; "))"
            )
        }
    }

    private func collect(
        _ container: ContainerID,
        keeping valid: [CNIAttachment],
        of owner: RuntimeName?,
        network: String,
        _ configuration: ContrailConfiguration,
        _ failures: inout [String]
    ) throws(CNIError) {
        let store = configuration.store
        var stale: [InterfaceName] = []
        for name in try files({ () throws(SystemError) in try store.interfaces(of: container) }) {
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
            guard let saved, saved.vmi != nil, saved.network.name == network, saved.owner == owner,
                !stale.contains(saved.addedWith),
                !valid.contains(.init(containerID: container, interface: saved.addedWith))
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
