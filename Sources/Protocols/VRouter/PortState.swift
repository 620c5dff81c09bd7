// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
public import NetworkTypes

/// What the agent tells of a plugged port (`GET /vm`, `GET /port`).
public struct PortState: Hashable, Sendable {
    /// The virtual machine interface.
    public let vmi: UUID
    /// The device's name that was registered.
    public let systemName: String
    /// The MAC address.
    public let mac: MACAddress
    /// The VLAN tag of a sub-interface; nil for an interface with a port of its own.
    public let vlan: Int?
    /// What each family has: IPv4 first.
    public let families: [Family]

    /// Address, gateway and name server of one family.
    public struct Family: Hashable, Sendable {
        /// The address.
        public let address: IPAddress
        /// The prefix length; the agent's API has none for IPv6.
        public let prefixLength: Int?
        /// The gateway; nil where the agent says 0.0.0.0 or ::.
        public let gateway: IPAddress?
        /// The name server; nil where the agent says 0.0.0.0 or ::.
        public let dnsServer: IPAddress?
    }

    static func list(_ body: [UInt8]) throws(JSONError) -> [PortState] {
        var list: [PortState] = []
        for fields in try agentElements(body) { list.append(try PortState(fields)) }
        return list
    }

    private init(_ fields: JSONFields) throws(JSONError) {
        vmi = try fields.agentUUID("id")
        systemName = try fields.string("system-name")
        mac = try fields.agentMAC("mac-address")
        let tag = fields.value("rx-vlan-id")?.integer ?? 0
        vlan = (1...4094).contains(tag) ? tag : nil
        var families: [Family] = []
        if let address = try fields.agentAddress("ip-address", .v4) {
            families.append(
                Family(
                    address: address,
                    prefixLength: try fields.integer("plen", in: 0...32),
                    gateway: try fields.agentAddress("gateway", .v4),
                    dnsServer: try fields.agentAddress("dns-server", .v4)
                )
            )
        }
        if let address = try fields.agentAddress("v6-ip-address", .v6) {
            families.append(
                Family(
                    address: address,
                    prefixLength: nil,
                    gateway: try fields.agentAddress("v6-gateway", .v6),
                    dnsServer: try fields.agentAddress("v6-dns-server", .v6)
                )
            )
        }
        self.families = families
    }
}

extension JSONFields {
    func agentAddress(_ key: String, _ family: IPFamily) throws(JSONError) -> IPAddress? {
        guard let text = try optionalString(key), !text.isEmpty else { return nil }
        guard let address = IPAddress(text), address.family == family else {
            throw error(key, "\"\(text)\" is not an IPv\(family == .v4 ? "4" : "6") address")
        }
        return address.isUnspecified ? nil : address
    }
}
