// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import JSON
public import NetworkTypes
public import PreparedInterface

/// What CHECK expects of an interface: what ADD recorded, but where `prevResult` tells something else, that, because a
/// later plugin of the chain has changed it since (specification, section 2, CHECK).
public struct Expectation {
    /// Its MAC address.
    public let mac: MACAddress
    /// Its MTU; nil where prevResult tells none: a later plugin may have changed it unseen.
    public let mtu: Int?
    /// The addresses that must be there; further ones are others' matter.
    public let addresses: [IPPrefix]
    /// The routes that must be there, by this interface; further ones are others' matter.
    public let routes: [Route]
    /// The routes that a later plugin put in the place of one of ours, by whatever device they leave.
    public let replacedRoutes: [Route]
    private let guest: GuestConfiguration
    private let devices: [CNIResult.Interface]

    /// What is expected of the interface of a name.
    public init(
        _ name: InterfaceName,
        _ guest: GuestConfiguration,
        _ previous: CNIResult?
    ) throws(JSONError) {
        self.guest = guest
        guard let previous else {
            (mac, mtu, devices) = (guest.mac, guest.mtu, [])
            (addresses, routes, replacedRoutes) = (guest.addresses, Self.routes(of: guest), [])
            return
        }
        devices = try previous.interfaces()
        let own =
            devices.first { $0.name == name.text && $0.sandbox != nil }
            ?? devices.first { $0.name == name.text }
        mac = own?.mac ?? guest.mac
        mtu = own?.mtu
        var addresses: [IPPrefix] = []
        for address in try previous.addresses() {
            if let place = address.interface, place < devices.count {
                if devices[place] == own { addresses.append(address.prefix) }
            } else if guest.addresses.contains(address.prefix) {
                addresses.append(address.prefix)
            }
        }
        self.addresses = addresses
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
        (routes, replacedRoutes) = (kept, replaced)
    }

    /// The MTU of another device that the plugin made.
    public func mtu(of device: InterfaceName) -> Int {
        devices.first { $0.name == device.text }?.mtu ?? guest.mtu
    }

    private static func routes(of guest: GuestConfiguration) -> [Route] {
        guest.routes
            + guest.gateways.filter { $0.isDefault }.map {
                Route(to: .default($0.address.family), via: $0.address)
            }
    }
}
