// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// What the guest must see on its interface.
public struct GuestConfiguration: Hashable, Sendable {
    /// The MAC address.
    public var mac: MACAddress
    /// The MTU in bytes.
    public var mtu: Int
    /// Addresses with their prefix lengths, at most one a family from the agent.
    public var addresses: [IPPrefix]
    /// The gateways: of each family at most one, its own, and after it further next hops of routes that lie outside
    /// the addresses' networks.
    public var gateways: [Gateway]
    /// Further routes.
    public var routes: [Route]
    /// The resolver configuration that the network gives; the runtime's own wins.
    public var dns: DNS
    /// Who answers the guest's DHCP requests.
    public var dhcp: DHCPServer

    /// A gateway of one family.
    public struct Gateway: Hashable, Sendable {
        /// Its address.
        public var address: IPAddress
        /// Whether it lies outside the addresses' prefixes, so that a route must say "on-link".
        public var isOnLink: Bool
        /// Whether the default route goes through it.
        public var isDefault: Bool

        /// A gateway.
        public init(address: IPAddress, isOnLink: Bool, isDefault: Bool) {
            self.address = address
            self.isOnLink = isOnLink
            self.isDefault = isDefault
        }
    }

    /// Who answers DHCP.
    public enum DHCPServer: String, Hashable, Sendable {
        /// The vRouter agent.
        case agent
        /// A server in the pod's network namespace.
        case pod
        /// Nobody: the guest must be told by cloud-init.
        case nobody
    }

    /// A guest's configuration; without addresses while it is only planned.
    public init(
        mac: MACAddress,
        mtu: Int,
        addresses: [IPPrefix] = [],
        gateways: [Gateway] = [],
        routes: [Route] = [],
        dns: DNS = DNS(),
        dhcp: DHCPServer
    ) {
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.gateways = gateways
        self.routes = routes
        self.dns = dns
        self.dhcp = dhcp
    }
}
