// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes

extension GuestConfiguration {
    var json: JSONValue {
        .object(
            JSONObject([
                ("mac", .string(mac.text)),
                ("mtu", .integer(mtu)),
                ("addresses", .array(addresses.map { .string($0.text) })),
                ("gateways", .array(gateways.map { $0.json })),
                ("routes", .array(routes.map { Self.json($0) })),
                ("dns", Self.json(dns)),
                ("dhcp", .string(dhcp.rawValue)),
            ])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        guard let mac = MACAddress(try fields.string("mac")), mac.isUnicast else {
            throw fields.error("mac", "is not a unicast MAC address")
        }
        guard let dhcp = DHCPServer(rawValue: try fields.string("dhcp")) else {
            throw fields.error("dhcp", "is none of \"agent\", \"pod\", \"nobody\"")
        }
        self.init(
            mac: mac,
            mtu: try fields.integer("mtu", in: 68...65_535),
            addresses: try Self.addresses(fields),
            gateways: [],
            routes: [],
            dns: try Self.dns(fields),
            dhcp: dhcp
        )
        for inner in try fields.list(fields.present("gateways")) { gateways.append(try Gateway(inner)) }
        for inner in try fields.list(fields.present("routes")) { routes.append(try Self.route(inner)) }
    }

    private static func addresses(_ fields: JSONFields) throws(JSONError) -> [IPPrefix] {
        var addresses: [IPPrefix] = []
        for text in try fields.strings(fields.present("addresses")) {
            guard let prefix = IPPrefix(text) else {
                throw fields.error("addresses", "\"\(text)\" is not an address with a prefix length")
            }
            addresses.append(prefix)
        }
        return addresses
    }

    private static func json(_ route: Route) -> JSONValue {
        var object = JSONObject([("destination", .string(route.destination.text))])
        object["gateway"] = route.gateway.map { .string($0.text) }
        return .object(object)
    }

    private static func route(_ fields: JSONFields) throws(JSONError) -> Route {
        guard let destination = IPPrefix(try fields.string("destination")) else {
            throw fields.error("destination", "is not a network")
        }
        var gateway: IPAddress?
        if fields.value("gateway") != nil { gateway = try fields.address("gateway") }
        return Route(to: destination, via: gateway)
    }

    private static func json(_ dns: DNS) -> JSONValue {
        .object(
            JSONObject([
                ("servers", .array(dns.servers.map { .string($0.text) })),
                ("search", .array(dns.search.map { .string($0) })),
                ("options", .array(dns.options.map { .string($0) })),
            ])
        )
    }

    private static func dns(_ fields: JSONFields) throws(JSONError) -> DNS {
        let inner = try fields.fields("dns")
        var servers: [IPAddress] = []
        for text in try inner.strings(inner.present("servers")) {
            guard let server = IPAddress(text) else {
                throw inner.error("servers", "\"\(text)\" is not an IP address")
            }
            servers.append(server)
        }
        return DNS(
            servers: servers,
            search: try inner.strings(inner.present("search")),
            options: try inner.strings(inner.present("options"))
        )
    }
}

extension GuestConfiguration.Gateway {
    var json: JSONValue {
        .object(
            JSONObject([
                ("address", .string(address.text)), ("onLink", .bool(isOnLink)),
                ("default", .bool(isDefault)),
            ])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        address = try fields.address("address")
        isOnLink = try fields.flag("onLink")
        isDefault = try fields.flag("default")
    }
}
