// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
import PreparedInterface
import VRouter

/// What is told to which of the agent's two tables.
enum Registration: Hashable {
    case vm(PortRegistration)
    case port(VhostUserRegistration)

    /// What the agent is told of a recorded port: the same body as the plugin's; nil where it must not be told.
    ///
    /// `namespace`: the container's, where the record does not have it: that of a direct tap is only in the
    /// agent's file.
    init?(_ record: PreparedInterface, namespace: String?) {
        guard let port = record.port, let device = InterfaceName(port.systemName),
            // The agent does not survive a longer one.
            port.vmName.utf8.count <= PortRegistration.mostNameBytes
        else { return nil }
        switch port.kind {
        case .vm:
            self = .vm(
                PortRegistration(
                    vm: port.vm,
                    vn: port.vn,
                    vmi: port.vmi,
                    vmName: port.vmName,
                    containerID: record.key.containerID.text,
                    hostInterface: device,
                    containerInterface: record.key.interface.text,
                    namespace: Self.podNamespace(record) ?? namespace ?? ""
                )
            )
        case .port:
            self = .port(
                VhostUserRegistration(
                    vm: port.vm,
                    vn: port.vn,
                    vmi: port.vmi,
                    vmName: port.vmName,
                    systemName: device.text,
                    mac: record.guest.mac
                )
            )
        }
    }

    /// What POST /vm is told.
    var vm: PortRegistration? {
        guard case .vm(let registration) = self else { return nil }
        return registration
    }

    /// The path of the pod's namespace, where the attachment, or the one that it replaced, is in it.
    private static func podNamespace(_ record: PreparedInterface) -> String? {
        for attachment in [record.attachment, record.former?.attachment] {
            switch attachment {
            case .veth(let veth): if let path = veth.namespace.path { return path }
            case .tap(let tap): if let path = tap.namespace.path { return path }
            // Sub-interfaces have no port: nobody is told of them.
            case .vhostUser, .vlan, .macvlan, nil: break
            }
        }
        return nil
    }
}
