// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
import PreparedInterface
import VRouter

/// What the agent is told of a recorded port; nil where this version can't tell it.
///
/// The same body as the plugin's. `namespace`: the container's, where the record does not have it: that of a
/// direct tap is only in the agent's file.
func registration(_ record: PreparedInterface, namespace: String?) -> PortRegistration? {
    guard let port = record.port, port.kind == .vm, let device = InterfaceName(port.systemName),
        // The agent does not survive a longer one.
        port.vmName.utf8.count <= PortRegistration.mostNameBytes
    else { return nil }
    return PortRegistration(
        vm: port.vm,
        vn: port.vn,
        vmi: port.vmi,
        vmName: port.vmName,
        containerID: record.key.containerID.text,
        hostInterface: device,
        containerInterface: record.key.interface.text,
        namespace: podNamespace(record) ?? namespace ?? ""
    )
}

/// The path of the pod's namespace, where the attachment, or the one that it replaced, is in it.
private func podNamespace(_ record: PreparedInterface) -> String? {
    for attachment in [record.attachment, record.former?.attachment] {
        switch attachment {
        case .veth(let veth): if let path = veth.namespace.path { return path }
        case .tap(let tap): if let path = tap.namespace.path { return path }
        case nil: break
        }
    }
    return nil
}
