// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import NetworkTypes

/// A network-config of NoCloud: interfaces found by MAC address and named as CNI named them.
enum NetworkConfig {
    static func document(
        _ interfaces: [InterfaceSettings],
        _ version: GuestDescription.NetworkVersion
    ) throws(CloudInitError) -> YAMLNode {
        switch version {
        case .v1:
            var devices: [YAMLNode] = []
            for interface in interfaces { devices.append(try physical(interface)) }
            return .keys([("version", .number(1)), ("config", .list(devices))])
        case .v2:
            let ethernets = interfaces.map { ($0.name, ethernet($0)) }
            return .keys([("version", .number(2)), ("ethernets", .keys(ethernets))])
        }
    }

    // MARK: - Version 2
    // https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html

    private static func ethernet(_ interface: InterfaceSettings) -> YAMLNode {
        let resolver = interface.resolver
        var entries: [(String, YAMLNode)] = [
            ("match", .keys([("macaddress", .text(interface.mac))])),
            ("set-name", .text(interface.name)),
            ("mtu", .number(interface.mtu)),
            ("dhcp4", .flag(interface.asksDHCP)),
            ("dhcp6", .flag(false)),
        ]
        if interface.asksDHCP, !resolver.servers.isEmpty {
            entries.append(("dhcp4-overrides", .keys([("use-dns", .flag(false))])))
        }
        if !interface.addresses.isEmpty {
            entries.append(("accept-ra", .flag(false)))
            entries.append(("addresses", .list(interface.addresses.map { .text($0.text) })))
            if !interface.routes.isEmpty { entries.append(("routes", .list(interface.routes.map(route)))) }
        }
        var nameservers: [(String, YAMLNode)] = []
        if !resolver.servers.isEmpty {
            nameservers.append(("addresses", .list(resolver.servers.map { .text($0.text) })))
        }
        if !resolver.search.isEmpty {
            nameservers.append(("search", .list(resolver.search.map { .text($0) })))
        }
        if !nameservers.isEmpty { entries.append(("nameservers", .keys(nameservers))) }
        return .keys(entries)
    }

    /// The default routes are written as networks: older renderers do not know the word "default".
    private static func route(_ hop: InterfaceSettings.Hop) -> YAMLNode {
        var entries: [(String, YAMLNode)] = [("to", .text(hop.destination.text))]
        // A route without a gateway is one on the link; the format has only a gateway of zeros for that.
        let next = hop.gateway ?? IPAddress(unspecified: hop.destination.address.family)
        entries.append(("via", .text(next.text)))
        if hop.isOnLink { entries.append(("on-link", .flag(true))) }
        return .keys(entries)
    }

    // MARK: - Version 1
    // https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v1.html

    private static func physical(_ interface: InterfaceSettings) throws(CloudInitError) -> YAMLNode {
        var subnets: [YAMLNode] = []
        for address in interface.addresses { subnets.append(try subnet(address, of: interface)) }
        if interface.asksDHCP { subnets.append(.keys([("type", .text("dhcp4"))] + nameservers(interface))) }
        if subnets.isEmpty { subnets.append(.keys([("type", .text("manual"))])) }
        var entries: [(String, YAMLNode)] = [
            ("type", .text("physical")), ("name", .text(interface.name)),
            ("mac_address", .text(interface.mac)), ("mtu", .number(interface.mtu)),
        ]
        if !interface.addresses.isEmpty { entries.append(("accept-ra", .flag(false))) }
        entries.append(("subnets", .list(subnets)))
        return .keys(entries)
    }

    /// What belongs to a family stands with the family's first address, the resolver with the first of all.
    private static func subnet(
        _ address: IPPrefix,
        of interface: InterfaceSettings
    ) throws(CloudInitError) -> YAMLNode {
        let family = address.address.family
        var entries: [(String, YAMLNode)] = [
            ("type", .text(family == .v4 ? "static" : "static6")), ("address", .text(address.text)),
        ]
        if address == interface.addresses.first(where: { $0.address.family == family }) {
            let routes = try interface.plainRoutes(family)
            if let gateway = routes.first(where: { $0.destination.length == 0 })?.gateway {
                entries.append(("gateway", .text(gateway.text)))
            }
            let others = routes.filter { $0.destination.length > 0 }.map { route in
                YAMLNode.keys([
                    ("network", .text(route.destination.address.text)),
                    (
                        "netmask",
                        .text(family == .v4 ? route.destination.mask : String(route.destination.length))
                    ),
                    ("gateway", .text(route.gateway.text)),
                ])
            }
            if !others.isEmpty { entries.append(("routes", .list(others))) }
        }
        if address == interface.addresses.first { entries += nameservers(interface) }
        return .keys(entries)
    }

    private static func nameservers(_ interface: InterfaceSettings) -> [(String, YAMLNode)] {
        let resolver = interface.resolver
        var entries: [(String, YAMLNode)] = []
        if !resolver.servers.isEmpty {
            entries.append(("dns_nameservers", .list(resolver.servers.map { .text($0.text) })))
        }
        if !resolver.search.isEmpty {
            entries.append(("dns_search", .list(resolver.search.map { .text($0) })))
        }
        return entries
    }
}
