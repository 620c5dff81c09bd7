// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import PreparedInterface

/// A network-config of version 2: interfaces found by MAC address and named as CNI named them.
/// See https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html
struct NetworkConfig {
    let yaml: YAML

    init(_ interfaces: [GuestInterface], addressing: GuestDescription.Addressing, dns: DNS?) {
        let ethernets = interfaces.map { interface in
            (interface.name.text, Self.ethernet(interface, addressing: addressing, dns: dns))
        }
        yaml = .map([("version", .number(2)), ("ethernets", .map(ethernets))])
    }

    private static func ethernet(
        _ interface: GuestInterface,
        addressing: GuestDescription.Addressing,
        dns: DNS?
    ) -> YAML {
        let guest = interface.configuration
        let isStatic = addressing == .prepared && !guest.addresses.isEmpty
        let asksDHCP = addressing == .dhcp || (guest.addresses.isEmpty && guest.dhcp != .nobody)
        let resolver = dns ?? guest.dns
        var entries: [(String, YAML)] = [
            ("match", .map([("macaddress", .text(guest.mac.text))])),
            ("set-name", .text(interface.name.text)),
            ("mtu", .number(guest.mtu)),
            ("dhcp4", .flag(asksDHCP)),
            ("dhcp6", .flag(false)),
        ]
        if asksDHCP, !resolver.servers.isEmpty {
            entries.append(("dhcp4-overrides", .map([("use-dns", .flag(false))])))
        }
        if isStatic {
            entries.append(("accept-ra", .flag(false)))
            entries.append(("addresses", .list(guest.addresses.map { .text($0.text) })))
            let routes = Self.routes(guest)
            if !routes.isEmpty { entries.append(("routes", .list(routes))) }
        }
        if let nameservers = Self.nameservers(resolver) { entries.append(("nameservers", nameservers)) }
        return .map(entries)
    }

    /// The default routes are written as networks: older renderers do not know the word "default".
    private static func routes(_ guest: GuestConfiguration) -> [YAML] {
        var routes: [YAML] = []
        for gateway in guest.gateways where gateway.isDefault {
            routes.append(
                route(.default(gateway.address.family), via: gateway.address, isOnLink: gateway.isOnLink)
            )
        }
        for route in guest.routes {
            let onLink = guest.gateways.contains { $0.address == route.gateway && $0.isOnLink }
            routes.append(Self.route(route.destination, via: route.gateway, isOnLink: onLink))
        }
        return routes
    }

    private static func route(_ destination: IPPrefix, via gateway: IPAddress?, isOnLink: Bool) -> YAML {
        var entries: [(String, YAML)] = [("to", .text(destination.text))]
        // A route without a gateway is one on the link; the format has only a gateway of zeros for that.
        let next = gateway ?? IPAddress(unspecified: destination.address.family)
        entries.append(("via", .text(next.text)))
        if isOnLink { entries.append(("on-link", .flag(true))) }
        return .map(entries)
    }

    private static func nameservers(_ dns: DNS) -> YAML? {
        var entries: [(String, YAML)] = []
        if !dns.servers.isEmpty { entries.append(("addresses", .list(dns.servers.map { .text($0.text) }))) }
        if !dns.search.isEmpty { entries.append(("search", .list(dns.search.map { .text($0) }))) }
        return entries.isEmpty ? nil : .map(entries)
    }
}
