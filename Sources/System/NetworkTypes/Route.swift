// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A route that a guest or a container gets.
public struct Route: Hashable, Sendable {
    /// Where to.
    public let destination: IPPrefix
    /// The next hop; nil for a network on the link.
    public let gateway: IPAddress?

    /// A route to a network, through a gateway or on the link.
    public init(to destination: IPPrefix, via gateway: IPAddress?) {
        self.destination = destination
        self.gateway = gateway
    }
}

/// The resolver configuration that a guest or a container gets (resolv.conf(5)).
public struct DNS: Hashable, Sendable {
    /// Name servers, in order.
    public var servers: [IPAddress]
    /// Search domains, in order.
    public var search: [String]
    /// Resolver options like `ndots:5`.
    public var options: [String]

    /// A resolver configuration; empty by default.
    public init(servers: [IPAddress] = [], search: [String] = [], options: [String] = []) {
        self.servers = servers
        self.search = search
        self.options = options
    }

    /// Whether nothing is configured.
    public var isEmpty: Bool { servers.isEmpty && search.isEmpty && options.isEmpty }
}
