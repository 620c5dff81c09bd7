// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// What CHECK expects of an interface, and of the other devices that were made for it.
public struct Expectation {
    /// Its MAC address.
    public let mac: MACAddress
    /// Its MTU; nil where a later plugin may have changed it unseen.
    public let mtu: Int?
    /// The addresses that must be there; further ones are others' matter.
    public let addresses: [IPPrefix]
    /// The routes that must be there, by this interface; further ones are others' matter.
    public let routes: [Route]
    /// The routes that a later plugin put in the place of one of ours, by whatever device they leave.
    public let replacedRoutes: [Route]
    private let standardMTU: Int
    private let devices: [(name: String, mtu: Int?)]

    /// What is expected.
    ///
    /// `devices`: other devices, and their MTUs where they are not `standardMTU`.
    public init(
        mac: MACAddress,
        mtu: Int?,
        addresses: [IPPrefix],
        routes: [Route],
        replacedRoutes: [Route] = [],
        standardMTU: Int,
        devices: [(name: String, mtu: Int?)] = []
    ) {
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.routes = routes
        self.replacedRoutes = replacedRoutes
        self.standardMTU = standardMTU
        self.devices = devices
    }

    /// The MTU of another device that the plugin made.
    public func mtu(of device: InterfaceName) -> Int {
        devices.first { $0.name == device.text }?.mtu ?? standardMTU
    }
}
