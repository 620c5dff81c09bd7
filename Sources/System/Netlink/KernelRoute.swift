// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

/// One way of a unicast route as the kernel has it: a route of several next hops is as many.
public struct KernelRoute: Hashable, Sendable {
    /// Destination and next hop.
    public var route: Route
    /// The index of the device that it leaves by.
    public var device: Int32
    /// The table; only the main one counts without rules.
    public var table: UInt32
    /// The metric: the lowest wins.
    public var priority: UInt32
    /// Who made it.
    public var origin: Origin
    /// Whether its next hop is of the other family (RTA_VIA), which `route` can't tell.
    public var isViaOtherFamily: Bool

    /// Who made a route.
    public enum Origin: Hashable, Sendable {
        /// The kernel, for an address.
        case kernel
        /// The kernel, by a router's advertisement.
        case advertisement
        /// Somebody else.
        case other
    }

    /// A route.
    public init(
        _ route: Route,
        device: Int32,
        table: UInt32 = KernelRoute.mainTable,
        priority: UInt32 = 0,
        origin: Origin = .other,
        isViaOtherFamily: Bool = false
    ) {
        self.route = route
        self.device = device
        self.table = table
        self.priority = priority
        self.origin = origin
        self.isViaOtherFamily = isViaOtherFamily
    }

    /// The table that counts without rules (RT_TABLE_MAIN).
    public static let mainTable: UInt32 = 254
}

extension NetlinkSocket {
    /// All unicast routes of the namespace, but those to its own addresses (table local).
    public func kernelRoutes() throws(NetlinkError) -> [KernelRoute] {
        var cache: OpaquePointer?
        try check(rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, &cache), "list", "routes")
        defer { nl_cache_free(cache) }
        var routes: [KernelRoute] = []
        var object = nl_cache_get_first(cache)
        while let current = object {
            Self.append(current, to: &routes)
            object = nl_cache_get_next(current)
        }
        return routes
    }

    private static func append(_ object: OpaquePointer, to routes: inout [KernelRoute]) {
        let table = rtnl_route_get_table(object)
        guard table != UInt32(RT_TABLE_LOCAL.rawValue), rtnl_route_get_type(object) == UInt8(RTN_UNICAST),
            let destination = destination(of: object)
        else { return }
        let origin: KernelRoute.Origin =
            switch Int32(rtnl_route_get_protocol(object)) {
            case RTPROT_KERNEL: .kernel
            case RTPROT_RA: .advertisement
            default: .other
            }
        for place in 0..<max(0, rtnl_route_get_nnexthops(object)) {
            guard let hop = rtnl_route_nexthop_n(object, place) else { continue }
            let gateway = rtnl_route_nh_get_gateway(hop).flatMap { IPAddress(libnl: $0) }
            routes.append(
                KernelRoute(
                    Route(to: destination, via: gateway),
                    device: rtnl_route_nh_get_ifindex(hop),
                    table: table,
                    priority: rtnl_route_get_priority(object),
                    origin: origin,
                    isViaOtherFamily: rtnl_route_nh_get_via(hop) != nil
                )
            )
        }
    }

    /// The routes of the main table that leave by a device.
    ///
    /// Those that the kernel makes by itself for addresses are among them.
    public func routes(over index: Int32) throws(NetlinkError) -> [Route] {
        try kernelRoutes().filter { $0.table == KernelRoute.mainTable && $0.device == index }.map { $0.route }
    }

    private static func destination(of route: OpaquePointer) -> IPPrefix? {
        let family: IPFamily = rtnl_route_get_family(route) == UInt8(AF_INET) ? .v4 : .v6
        guard let address = rtnl_route_get_dst(route), nl_addr_get_len(address) > 0 else {
            return .default(family)
        }
        return IPAddress(libnl: address).flatMap {
            IPPrefix($0, length: Int(nl_addr_get_prefixlen(address)))
        }
    }
}
