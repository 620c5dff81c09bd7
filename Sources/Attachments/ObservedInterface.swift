// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Netlink
public import NetworkTypes

/// An interface of a pod and everything its namespace's kernel knows of it, no matter who set it up.
public struct ObservedInterface: Sendable {
    /// The device.
    public let link: Link
    /// Its addresses, but the link-local ones that IPv6 makes by itself.
    ///
    /// One of a point-to-point link has its family's full length.
    public let addresses: [IPPrefix]
    /// The addresses of the namespace's other devices.
    public let othersAddresses: [IPAddress]
    /// The namespace's routes, of all tables and devices.
    public let routes: [KernelRoute]

    /// What is known of an interface.
    public init(
        link: Link,
        addresses: [IPPrefix],
        othersAddresses: [IPAddress] = [],
        routes: [KernelRoute] = []
    ) {
        self.link = link
        self.addresses = addresses
        self.othersAddresses = othersAddresses
        self.routes = routes
    }
}

extension ObservedInterface {
    /// Asks the kernel of a pod's namespace; nil where it has no such interface.
    public init?(_ name: InterfaceName, in namespace: borrowing PodNamespace) throws(AttachmentError) {
        let socket = try namespace.openNetlink()
        guard let link = try netlink({ () throws(NetlinkError) in try socket.link(name) }) else { return nil }
        let (all, routes) = try netlink { () throws(NetlinkError) in
            (try socket.addresses(), try socket.kernelRoutes())
        }
        let own = all.filter {
            $0.device == link.index && !($0.local.address.family == .v6 && $0.local.address.isLinkLocal)
        }
        self.init(
            link: link,
            addresses: own.map { $0.local },
            othersAddresses: all.filter { $0.device != link.index }.map { $0.local.address },
            routes: routes
        )
    }
}
