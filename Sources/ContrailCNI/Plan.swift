// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CNIProtocol
import NetworkTypes
import PreparedInterface
import VRouter

/// What an ADD is going to make: pure, from the request, the assignment and the facts of the host.
struct Plan {
    /// The plan as it is saved.
    let interface: PreparedInterface
    /// What the agent will be told.
    let registration: PortRegistration
    /// The device on the node.
    let device: InterfaceName

    /// The facts of the host that a plan needs.
    struct Facts {
        let bootID: BootID
        let mtu: Int
        let namespace: NamespaceReference
    }

    /// The runtime of containers; it gives no name of its own.
    static let containerRuntime = RuntimeName("container-runtime")

    /// The device's name: a pure function of container and interface, so that DEL finds it without a
    /// record.
    static func deviceName(_ key: InterfaceKey) -> InterfaceName? {
        InterfaceName(prefix: "tap", hashing: [key.containerID.text, key.interface.text])
    }

    init(
        _ request: CNIRequest,
        pod: PodIdentity,
        assignment: PortAssignment,
        vm: VMInterfaceRequest?,
        facts: Facts,
        configuration: ContrailConfiguration
    ) throws(CNIError) {
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        guard let device = Plan.deviceName(key), let owner = vm?.runtime ?? Plan.containerRuntime else {
            throw CNIError(.internal, "cannot derive a device name for \(key.interface.text)")
        }
        self.device = device
        let index = assignment.index?.place ?? 0
        let attachment: Attachment
        if let vm {
            attachment = .tap(
                Attachment.Tap(
                    name: device,
                    namespace: .host,
                    isMultiQueue: true,
                    mostQueues: vm.queues,
                    hasVnetHeader: true,
                    ownerUID: vm.ownerUID,
                    joinedBy: .direct
                )
            )
        } else {
            attachment = .veth(Attachment.Veth(host: device, namespace: facts.namespace))
        }
        registration = PortRegistration(
            vm: assignment.vm,
            vn: assignment.vn,
            vmi: assignment.vmi,
            vmName: pod.vmName,
            containerID: request.containerID.text,
            hostInterface: device,
            containerInterface: request.interface.text,
            namespace: facts.namespace.path ?? ""
        )
        interface = PreparedInterface(
            key: key,
            owner: owner,
            network: NetworkReference(name: request.configuration.name, virtualNetwork: assignment.vnName),
            pod: pod.reference,
            bootID: facts.bootID,
            index: index,
            guest: GuestConfiguration(mac: assignment.mac, mtu: facts.mtu, dhcp: .agent),
            attachment: attachment,
            created: [.link(name: device, namespace: .host)],
            port: VRouterPort(
                kind: .vm,
                vm: assignment.vm,
                vmi: assignment.vmi,
                vn: assignment.vn,
                vmName: pod.vmName,
                systemName: device.text,
                agent: configuration.agent.text,
                file: configuration.agentFiles.path(vmName: pod.vmName, vmi: assignment.vmi)
            )
        )
    }
}

extension GuestConfiguration {
    /// Fills in what the agent told of the plugged port.
    mutating func apply(_ state: PortState, index: Int, v6PrefixLength: Int) throws(CNIError) {
        for family in state.families {
            guard let prefix = IPPrefix(family.address, length: family.prefixLength ?? v6PrefixLength) else {
                throw CNIError(.internal, "the agent's prefix length does not fit \(family.address.text)")
            }
            addresses.append(prefix)
            if let gateway = family.gateway {
                gateways.append(
                    Gateway(
                        address: gateway,
                        isOnLink: !prefix.contains(gateway) && !gateway.isLinkLocal,
                        isDefault: index == 0
                    )
                )
            }
            if let server = family.dnsServer { dns.servers.append(server) }
        }
    }
}
