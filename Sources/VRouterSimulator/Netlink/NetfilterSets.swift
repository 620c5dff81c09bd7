// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Elements of the sets of one nftables table: nfnetlink, subsystem nftables.
final class NetfilterSets {
    private static let subsystem: UInt16 = 10
    private static let newElement: UInt16 = 12
    private static let getElements: UInt16 = 13
    private static let deleteElement: UInt16 = 14

    /// A family of tables, by its number.
    enum Family: UInt8 {
        case arp = 3
        case bridge = 7
    }

    private let table: String
    private let family: Family
    private let socket: NetlinkSocket

    init(table: String, of family: Family) throws(SystemError) {
        self.table = table
        self.family = family
        socket = try NetlinkSocket(NetlinkSocket.netfilter)
    }

    /// Adds elements, all or none; one that is there is left alone.
    func add(_ elements: [(set: String, key: Bytes)], for subject: String) throws(SystemError) {
        try transact(Self.newElement, NetlinkSocket.create, elements, "allow", subject)
    }

    /// Removes elements, all or none.
    func remove(_ elements: [(set: String, key: Bytes)], for subject: String) throws(SystemError) {
        try transact(Self.deleteElement, 0, elements, "withdraw", subject)
    }

    /// The keys of a set and their packet counters.
    func counters(of set: String) throws(SystemError) -> [(key: Bytes, packets: Int)] {
        var message = message(Self.getElements, NetlinkSocket.request | NetlinkSocket.dump)
        message.attribute(1, table)
        message.attribute(2, set)
        var result: [(key: Bytes, packets: Int)] = []
        for payload in try socket.send(message, for: "read counters of", set) {
            let attributes = NetlinkReader.attributes(payload.dropFirst(4))
            var list = NetlinkReader(attributes[3] ?? [])
            while let (_, element) = list.attribute() { result.append(Self.counter(element)) }
        }
        return result
    }

    /// NFTA_SET_ELEM_KEY is 1, NFTA_SET_ELEM_EXPR 7, NFTA_EXPR_DATA 2, NFTA_COUNTER_PACKETS 2.
    private static func counter(_ element: ArraySlice<UInt8>) -> (key: Bytes, packets: Int) {
        let attributes = NetlinkReader.attributes(element)
        let key = NetlinkReader.attributes(attributes[1] ?? [])[1] ?? []
        let expression = NetlinkReader.attributes(attributes[7] ?? [])
        let packets = NetlinkReader.attributes(expression[2] ?? [])[2] ?? []
        return (Bytes(key), packets.reduce(0) { $0 << 8 | Int($1) })
    }

    private func transact(
        _ type: UInt16,
        _ flags: UInt16,
        _ elements: [(set: String, key: Bytes)],
        _ operation: String,
        _ subject: String
    ) throws(SystemError) {
        guard !elements.isEmpty else { return }
        var messages = [boundary(16)]
        for (number, element) in elements.enumerated() {
            let isLast = number == elements.count - 1
            let acknowledge = isLast ? NetlinkSocket.acknowledge : 0
            var message = message(type, NetlinkSocket.request | flags | acknowledge)
            message.attribute(1, table)
            message.attribute(2, element.set)
            message.nest(3) { list in
                list.nest(1) { item in
                    item.nest(1) { key in key.attribute(1, element.key) }
                }
            }
            messages.append(message)
        }
        messages.append(boundary(17))
        try socket.send(messages, awaiting: elements.count, for: operation, subject)
    }

    private func message(_ type: UInt16, _ flags: UInt16) -> NetlinkMessage {
        var message = NetlinkMessage(type: Self.subsystem << 8 | type, flags: flags)
        message.add(raw: [family.rawValue, 0, 0, 0])
        return message
    }

    /// The beginning or end of a transaction names the subsystem, in network order.
    private func boundary(_ type: UInt16) -> NetlinkMessage {
        var message = NetlinkMessage(type: type, flags: NetlinkSocket.request)
        message.add(raw: [0, 0, 0, UInt8(Self.subsystem)])
        return message
    }
}
