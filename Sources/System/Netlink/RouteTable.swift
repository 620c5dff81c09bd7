// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

extension NetlinkSocket {
    /// Adds a route in the main table.
    ///
    /// `isOnLink`: whether the gateway lies outside the device's prefixes (RTNH_F_ONLINK).
    public func addRoute(_ route: Route, over index: Int32, isOnLink: Bool = false) throws(NetlinkError) {
        let subject = "\(route.destination.text) over interface \(index)"
        guard let object = rtnl_route_alloc(), let hop = rtnl_route_nh_alloc() else {
            throw NetlinkError(operation: "make", subject: "route \(subject)", errno: ENOMEM)
        }
        defer { rtnl_route_put(object) }
        let destination = try LibnlAddress(route.destination.address, length: route.destination.length)
        rtnl_route_set_family(object, UInt8(route.destination.address.family == .v4 ? AF_INET : AF_INET6))
        rtnl_route_set_dst(object, destination.pointer)
        rtnl_route_set_table(object, UInt32(RT_TABLE_MAIN.rawValue))
        rtnl_route_set_protocol(object, UInt8(RTPROT_BOOT))
        let isLink = route.gateway == nil && route.destination.address.family == .v4
        rtnl_route_set_scope(object, UInt8(isLink ? RT_SCOPE_LINK.rawValue : RT_SCOPE_UNIVERSE.rawValue))
        rtnl_route_nh_set_ifindex(hop, index)
        if let gateway = route.gateway {
            let address = try LibnlAddress(gateway)
            rtnl_route_nh_set_gateway(hop, address.pointer)
            if isOnLink { rtnl_route_nh_set_flags(hop, UInt32(RTNH_F_ONLINK)) }
        }
        rtnl_route_add_nexthop(object, hop)
        try check(rtnl_route_add(socket, object, NLM_F_CREATE | NLM_F_EXCL), "add route", subject)
    }
}
