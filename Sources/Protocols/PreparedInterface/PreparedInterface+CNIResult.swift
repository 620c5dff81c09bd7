// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
import NetworkTypes

extension PreparedInterface {
    /// The CNI result of a prepared interface: a projection, with nothing decided here.
    ///
    /// - A veth: the node's end, then the interface in the pod's namespace, which holds the addresses.
    /// - A direct tap: the tap with an empty sandbox, then an entry named CNI_IFNAME with the guest's MAC
    ///   and the container's id as sandbox, which holds the addresses: containerd refuses a sandbox whose
    ///   addresses are on an interface of the node.
    /// - A vhost-user socket: one entry of that kind with `socketPath`.
    /// - A VLAN of another interface: the device in the pod's namespace; for a guest that makes it itself an
    ///   entry like a tap's second one.
    /// - A macvlan: the node's VLAN device, then the interface in the pod's namespace.
    public func result(version: CNIVersion) -> CNIResult {
        var result = CNIResult(version: version)
        append(to: &result)
        result.setDNS(guest.dns)
        return result
    }

    /// Adds devices, addresses and routes of this interface to a result.
    public func append(to result: inout CNIResult) {
        let name = key.interface.text
        let holder: Int
        switch attachment {
        case .veth(let veth):
            if let host = veth.host { result.append(.init(name: host.text, mtu: guest.mtu)) }
            holder = result.append(
                .init(name: name, mac: guest.mac, mtu: guest.mtu, sandbox: veth.namespace.path)
            )
        case .tap(let tap):
            result.append(.init(name: tap.name.text, mtu: guest.mtu, sandbox: tap.namespace.path))
            holder = result.append(
                .init(name: name, mac: guest.mac, mtu: guest.mtu, sandbox: key.containerID.text)
            )
        case .vhostUser(let socket):
            holder = result.append(
                .init(
                    name: name,
                    mac: guest.mac,
                    mtu: guest.mtu,
                    sandbox: key.containerID.text,
                    socketPath: socket.path
                )
            )
        case .vlan(let vlan):
            let sandbox = vlan.namespace == nil ? key.containerID.text : vlan.namespace?.path
            holder = result.append(.init(name: name, mac: guest.mac, mtu: guest.mtu, sandbox: sandbox))
        case .macvlan(let macvlan):
            result.append(.init(name: macvlan.host.text, mtu: guest.mtu))
            holder = result.append(
                .init(name: name, mac: guest.mac, mtu: guest.mtu, sandbox: macvlan.namespace.path)
            )
        }
        for address in guest.addresses {
            let gateway = guest.gateways.first { $0.address.family == address.address.family }
            result.append(CNIResult.Address(address, gateway: gateway?.address, interface: holder))
        }
        for gateway in guest.gateways where gateway.isDefault {
            result.append(Route(to: .default(gateway.address.family), via: gateway.address))
        }
        for route in guest.routes { result.append(route) }
    }
}

extension NamespaceReference {
    /// The path of a pod's namespace; nil for the node's.
    public var path: String? {
        guard case .pod(let path, _, _) = self else { return nil }
        return path
    }
}
