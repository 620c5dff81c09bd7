// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Verbs on network devices: rtnetlink(7).
struct Links {
    private static let newLink: UInt16 = 16
    private static let deleteLink: UInt16 = 17
    private static let getLink: UInt16 = 18
    private static let newAddress: UInt16 = 20
    private static let deleteNeighbour: UInt16 = 29
    /// struct ifinfomsg is: family, padding, type, index, flags, change mask.
    private static let acknowledged = NetlinkSocket.request | NetlinkSocket.acknowledge

    private let socket: NetlinkSocket

    init() throws(SystemError) {
        socket = try NetlinkSocket(NetlinkSocket.route)
    }

    /// A socket that hears of every change of a device.
    static func monitor() throws(SystemError) -> NetlinkSocket {
        try NetlinkSocket(NetlinkSocket.route, groups: 1)
    }

    /// The events of ``monitor()``: devices that changed, and those that went.
    static func events(_ socket: NetlinkSocket) throws(SystemError) -> [(link: Link, isGone: Bool)] {
        try socket.receive("listen to", "changes of devices")
            .filter { $0.type == newLink || $0.type == deleteLink }
            // Of the bridge family: a port's own changes, also when it leaves its bridge.
            .filter { $0.payload.first == 0 }
            .map { (Link($0.payload), $0.type == deleteLink) }
    }

    func all() throws(SystemError) -> [Link] {
        try socket.send(
            message(Self.getLink, NetlinkSocket.request | NetlinkSocket.dump),
            for: "list",
            "network devices"
        ).map(Link.init)
    }

    /// The device of that name, or none.
    func find(_ name: String) throws(SystemError) -> Link? {
        var message = message(Self.getLink, Self.acknowledged)
        message.attribute(3, name)
        do {
            return try socket.send(message, for: "find", name).first.map(Link.init)
        } catch  where error.code == 19 {
            return nil
        }
    }

    /// Makes a bridge that is down, learns no multicast groups and forwards at once.
    func addBridge(_ name: String, mac: AgentMAC, alias: String) throws(SystemError) {
        var message = message(
            Self.newLink,
            Self.acknowledged | NetlinkSocket.create | NetlinkSocket.exclusive,
            flags: 1,
            mask: 1
        )
        message.attribute(3, name)
        message.attribute(1, mac.bytes)
        message.nest(18) { information in
            information.attribute(1, "bridge")
            information.nest(2) { bridge in
                bridge.attribute(1, UInt32(0))
                bridge.attribute(23, UInt8(0))
            }
        }
        try socket.send(message, for: "make bridge", name)
        guard let link = try find(name) else { return }
        var change = self.message(Self.newLink, Self.acknowledged, index: link.index)
        change.attribute(20, alias)
        try socket.send(change, for: "name", name)
    }

    func setUp(_ link: Link) throws(SystemError) {
        let message = message(Self.newLink, Self.acknowledged, index: link.index, flags: 1, mask: 1)
        try socket.send(message, for: "set up", link.name)
    }

    func setMaster(_ link: Link, to master: Int32) throws(SystemError) {
        var message = message(Self.newLink, Self.acknowledged, index: link.index)
        message.attribute(10, master)
        try socket.send(message, for: master == 0 ? "release" : "enslave", link.name)
    }

    func delete(_ link: Link) throws(SystemError) {
        try socket.send(
            message(Self.deleteLink, Self.acknowledged, index: link.index),
            for: "delete",
            link.name
        )
    }

    /// Adds an address of either family, an IPv6 one without duplicate address detection.
    func addAddress(_ address: Bytes, length: Int, to link: Link) throws(SystemError) {
        var message = NetlinkMessage(
            type: Self.newAddress,
            flags: Self.acknowledged | NetlinkSocket.create
        )
        let isV4 = address.count == 4
        message.add(UInt8(isV4 ? 2 : 10))
        message.add(UInt8(length))
        message.add(UInt8(isV4 ? 0 : 2))
        message.add(UInt8(0))
        message.add(link.index)
        message.attribute(2, address)
        message.attribute(1, address)
        try socket.send(message, for: "add an address to", link.name)
    }

    /// Forgets which hardware address a neighbour has, if it is known: who needs it asks again.
    func forgetNeighbour(_ address: Bytes, on link: Link) throws(SystemError) {
        // struct ndmsg: family, padding, index, state, flags, type.
        var message = NetlinkMessage(type: Self.deleteNeighbour, flags: Self.acknowledged)
        message.add(UInt32(address.count == 4 ? 2 : 10))
        message.add(link.index)
        message.add(UInt32(0))
        message.attribute(1, address)
        do {
            try socket.send(message, for: "forget a neighbour on", link.name)
        } catch  where error.code == 2 {
            return
        }
    }

    private func message(
        _ type: UInt16,
        _ flags: UInt16,
        index: Int32 = 0,
        flags up: UInt32 = 0,
        mask: UInt32 = 0
    ) -> NetlinkMessage {
        var message = NetlinkMessage(type: type, flags: flags)
        message.add(UInt8(0))
        message.add(UInt8(0))
        message.add(UInt16(0))
        message.add(index)
        message.add(up)
        message.add(mask)
        return message
    }
}
