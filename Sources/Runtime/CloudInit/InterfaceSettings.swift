// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import PreparedInterface

/// What a guest is to do with an interface, before it is said in any format's words.
struct InterfaceSettings {
    let name: String
    let mac: String
    let mtu: Int
    /// Whether it asks DHCP for IPv4.
    let asksDHCP: Bool
    /// Empty where it has no addresses of its own.
    let addresses: [IPPrefix]
    let routes: [Hop]
    let resolver: DNS

    /// A route, and whether its gateway must be taken for a neighbour though no address says so.
    struct Hop {
        let destination: IPPrefix
        let gateway: IPAddress?
        let isOnLink: Bool

        var isDefault: Bool { destination.length == 0 }
    }

    init(_ interface: GuestInterface, addressing: GuestDescription.Addressing, dns: DNS?) {
        let guest = interface.configuration
        name = interface.name.text
        mac = guest.mac.text
        mtu = guest.mtu
        addresses = addressing == .prepared ? guest.addresses : []
        asksDHCP = addressing == .dhcp || (guest.addresses.isEmpty && guest.dhcp != .nobody)
        resolver = dns ?? guest.dns
        guard !addresses.isEmpty else {
            routes = []
            return
        }
        let defaults = guest.gateways.filter(\.isDefault).map { gateway in
            Hop(
                destination: .default(gateway.address.family),
                gateway: gateway.address,
                isOnLink: gateway.isOnLink
            )
        }
        let others = guest.routes.map { route in
            let onLink = guest.gateways.contains { $0.address == route.gateway && $0.isOnLink }
            return Hop(destination: route.destination, gateway: route.gateway, isOnLink: onLink)
        }
        routes = defaults + others
    }

    /// The routes of one family, for formats that have no word for a gateway outside the network.
    func plainRoutes(
        _ family: IPFamily
    ) throws(CloudInitError) -> [(destination: IPPrefix, gateway: IPAddress)] {
        var plain: [(destination: IPPrefix, gateway: IPAddress)] = []
        for hop in routes where hop.destination.address.family == family {
            guard let gateway = hop.gateway, !hop.isOnLink else {
                throw CloudInitError(
                    operation: "write the network configuration of \(name)",
                    reason:
                        "the route to \(hop.destination.text) has its next hop on the link, outside the network, "
                        + "which only a NoCloud seed with network-config 2 can tell: use that, or DHCP"
                )
            }
            plain.append((hop.destination, gateway))
        }
        return plain
    }
}

extension IPPrefix {
    /// The mask of the network's part, like 255.255.255.0 or ffff:ffff::.
    var mask: String {
        let bytes = (0..<address.bytes.count).map { index in
            UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, length - 8 * index)))
        }
        return IPAddress(bytes: bytes)?.text ?? ""
    }
}
