// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Attachments
public import CNIProtocol
public import JSON
public import NetworkTypes
public import PreparedInterface

extension Expectation {
    /// What ADD recorded of an interface; where `prevResult` tells something else, that, because a later plugin of the
    /// chain has changed it since (specification, section 2, CHECK).
    ///
    /// The MTU is unknown where prevResult tells none.
    public init(
        _ name: InterfaceName,
        _ guest: GuestConfiguration,
        _ previous: CNIResult?
    ) throws(JSONError) {
        guard let previous else {
            self.init(
                mac: guest.mac,
                mtu: guest.mtu,
                addresses: guest.addresses,
                routes: Self.routes(of: guest),
                standardMTU: guest.mtu
            )
            return
        }
        let devices = try previous.interfaces()
        let own =
            devices.first { $0.name == name.text && $0.sandbox != nil }
            ?? devices.first { $0.name == name.text }
        var addresses: [IPPrefix] = []
        for address in try previous.addresses() {
            if let place = address.interface, place < devices.count {
                if devices[place] == own { addresses.append(address.prefix) }
            } else if guest.addresses.contains(address.prefix) {
                addresses.append(address.prefix)
            }
        }
        let listed = try previous.routes()
        var (kept, replaced): ([Route], [Route]) = ([], [])
        for route in Self.routes(of: guest) {
            let same = listed.filter { $0.destination == route.destination }
            if same.contains(where: { $0.gateway == nil || $0.gateway == route.gateway }) {
                kept.append(route)
            } else {
                replaced += same
            }
        }
        self.init(
            mac: own?.mac ?? guest.mac,
            mtu: own?.mtu,
            addresses: addresses,
            routes: kept,
            replacedRoutes: replaced,
            standardMTU: guest.mtu,
            devices: devices.map { ($0.name, $0.mtu) }
        )
    }

    private static func routes(of guest: GuestConfiguration) -> [Route] {
        guest.routes
            + guest.gateways.filter { $0.isDefault }.map {
                Route(to: .default($0.address.family), via: $0.address)
            }
    }
}
