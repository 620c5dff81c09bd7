// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes

/// A ConfigDrive's `network_data.json`.
///
/// OpenStack's format, and not cloud-init's network-config of either version: cloud-init's ConfigDrive reads no other file
/// and makes a version 1 of it, and cloudbase-init, for which Windows guests have a ConfigDrive, reads no other either.
/// Virtlet wrote it, too. cloud-init's `name`, `dns_nameservers` and `dns_search` are added; others
/// pass over them.
/// See https://docs.openstack.org/nova/latest/_downloads/9119ca7ac90aa2990e762c08baea3a36/network_data.json
enum NetworkData {
    static func document(_ interfaces: [InterfaceSettings]) throws(CloudInitError) -> JSONValue {
        var networks: [JSONValue] = []
        for interface in interfaces { networks += try Self.networks(interface) }
        var services: [String] = []
        for server in interfaces.flatMap(\.resolver.servers) where !services.contains(server.text) {
            services.append(server.text)
        }
        return .object([
            ("links", .array(interfaces.map(link))), ("networks", .array(networks)),
            (
                "services",
                .array(services.map { .object([("type", .string("dns")), ("address", .string($0))]) })
            ),
        ])
    }

    private static func link(_ interface: InterfaceSettings) -> JSONValue {
        .object([
            ("id", .string(interface.name)), ("name", .string(interface.name)), ("type", .string("phy")),
            ("ethernet_mac_address", .string(interface.mac)), ("mtu", .integer(interface.mtu)),
        ])
    }

    private static func networks(_ interface: InterfaceSettings) throws(CloudInitError) -> [JSONValue] {
        var kinds: [[(String, JSONValue)]] = []
        for (index, address) in interface.addresses.enumerated() {
            let family = address.address.family
            let isFirst = index == interface.addresses.firstIndex { $0.address.family == family }
            let routes = isFirst ? try interface.plainRoutes(family) : []
            kinds.append([
                ("type", .string(family == .v4 ? "ipv4" : "ipv6")),
                ("ip_address", .string(address.address.text)), ("netmask", .string(address.mask)),
                ("routes", .array(routes.map(route))),
            ])
        }
        if interface.asksDHCP { kinds.append([("type", .string("ipv4_dhcp"))]) }
        return kinds.enumerated().map { index, kind in
            var members: [(String, JSONValue)] = [
                ("id", .string("\(interface.name)-\(index)")), ("link", .string(interface.name)),
            ]
            members += kind
            // cloud-init takes no services where the interface has search domains.
            let resolver = interface.resolver
            if index == 0, !resolver.servers.isEmpty {
                members.append(("dns_nameservers", .array(resolver.servers.map { .string($0.text) })))
            }
            if index == 0, !resolver.search.isEmpty {
                members.append(("dns_search", .array(resolver.search.map { .string($0) })))
            }
            return .object(members)
        }
    }

    private static func route(_ route: (destination: IPPrefix, gateway: IPAddress)) -> JSONValue {
        .object([
            ("network", .string(route.destination.address.text)),
            ("netmask", .string(route.destination.mask)),
            ("gateway", .string(route.gateway.text)),
        ])
    }
}

extension JSONValue {
    fileprivate static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(JSONObject(members))
    }
}
