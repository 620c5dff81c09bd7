// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import Netlink
public import NetworkTypes
public import PreparedInterface

/// A container's interface in the pod's namespace, of whatever kind.
public enum PodInterface {
    /// Gives the interface its addresses, sets it up, and adds its routes.
    ///
    /// The kernel tells the neighbours of the addresses as the interface comes up, so it comes up with them.
    public static func configure(
        _ pod: InterfaceName,
        in namespace: borrowing PodNamespace,
        _ guest: GuestConfiguration
    ) throws(AttachmentError) {
        let v6 = guest.addresses.map { $0.address }.filter { $0.family == .v6 }
        var announcesIPv6 = true
        let socket = try namespace.inside { () throws(AttachmentError) -> NetlinkSocket in
            // What the agent's router advertisements say must not contradict what is configured here.
            try system { () throws(SystemError) in try Host.refuseRouterAdvertisements(on: pod) }
            if !v6.isEmpty { announcesIPv6 = Host.announceIPv6(on: pod) }
            return try netlink { () throws(NetlinkError) in try NetlinkSocket() }
        }
        let index = try netlink { () throws(NetlinkError) in
            guard let index = try socket.index(of: pod) else {
                throw NetlinkError(operation: "configure", subject: pod.text, errno: ENODEV)
            }
            return index
        }
        // Unannounced, neighbours ask: no reason to fail.
        do throws(NetlinkError) { try socket.announceIPv4(on: pod) } catch {}
        for address in guest.addresses {
            try add(address, to: pod, index, in: namespace, over: socket)
        }
        try netlink { () throws(NetlinkError) in
            try socket.setUp(pod)
            for gateway in guest.gateways where gateway.isDefault {
                let route = Route(to: .default(gateway.address.family), via: gateway.address)
                try socket.addRoute(route, over: index, isOnLink: gateway.isOnLink)
            }
            for route in guest.routes { try socket.addRoute(route, over: index) }
        }
        guard !announcesIPv6 else { return }
        try namespace.inside { () throws(AttachmentError) in
            for address in v6 { NeighbourAdvertisement.send(address, at: guest.mac, over: index) }
        }
    }

    /// Adds an address; where the pod's sysctls switch IPv6 off, it is switched on for this interface alone.
    private static func add(
        _ address: IPPrefix,
        to pod: InterfaceName,
        _ index: Int32,
        in namespace: borrowing PodNamespace,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        do throws(NetlinkError) {
            return try socket.addAddress(address, to: index)
        } catch {
            guard address.address.family == .v6, error.errno == EACCES else { throw .netlink(error) }
        }
        try namespace.inside { () throws(AttachmentError) in
            try system { () throws(SystemError) in
                try Host.setSysctl("net/ipv6/conf/\(pod.text)/disable_ipv6", to: "0")
            }
        }
        try netlink { () throws(NetlinkError) in try socket.addAddress(address, to: index) }
    }

    /// Compares an interface in the pod's namespace with its record: the device, its addresses and its routes.
    static func check(
        _ link: Link?,
        _ pod: InterfaceName,
        kind: String,
        in namespace: borrowing PodNamespace,
        _ expected: Expectation,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        guard let end = link else {
            return differences.note(pod.text, "it does not exist in the pod's namespace")
        }
        let inside = try namespace.openNetlink()
        differences.compare(end, mac: expected.mac, mtu: expected.mtu, kind: kind)
        let (addresses, routes) = try netlink { () throws(NetlinkError) in
            (try inside.addresses(of: end.index), try inside.kernelRoutes())
        }
        for address in expected.addresses where !addresses.contains(address) {
            differences.note(pod.text, "address \(address.text) is missing")
        }
        let main = routes.filter { $0.table == KernelRoute.mainTable }
        for route in expected.routes
        where !main.contains(where: { $0.route == route && $0.device == end.index }) {
            differences.note(pod.text, Self.missing(route))
        }
        for route in expected.replacedRoutes where !main.contains(where: { $0.route == route }) {
            differences.note(pod.text, Self.missing(route))
        }
    }

    private static func missing(_ route: Route) -> String {
        let gateway = route.gateway.map { " via \($0.text)" } ?? ""
        return "the route to \(route.destination.text)\(gateway) is missing"
    }
}
