// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

extension NetlinkSocket {
    /// Sets a permanent neighbour entry.
    public func setNeighbour(_ address: IPAddress, at mac: MACAddress, on index: Int32) throws(NetlinkError) {
        guard let neighbour = rtnl_neigh_alloc() else {
            throw NetlinkError(operation: "make", subject: "neighbour \(address.text)", errno: ENOMEM)
        }
        defer { rtnl_neigh_put(neighbour) }
        let destination = try LibnlAddress(address)
        let hardware = try LibnlAddress(mac)
        rtnl_neigh_set_ifindex(neighbour, index)
        rtnl_neigh_set_dst(neighbour, destination.pointer)
        rtnl_neigh_set_lladdr(neighbour, hardware.pointer)
        rtnl_neigh_set_state(neighbour, NUD_PERMANENT)
        try check(
            rtnl_neigh_add(socket, neighbour, NLM_F_CREATE | NLM_F_REPLACE),
            "set neighbour",
            "\(address.text) on interface \(index)"
        )
    }
}
