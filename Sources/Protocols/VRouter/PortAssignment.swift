// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
public import NetworkTypes

/// What the agent's configuration assigns to an interface of a pod (`GET /vm-cfg`), before it is plugged.
public struct PortAssignment: Hashable, Sendable {
    /// The virtual machine interface.
    public let vmi: UUID
    /// The virtual machine: the pod.
    public let vm: UUID
    /// The virtual network.
    public let vn: UUID
    /// The virtual network's fully qualified name; nil from agents before 2018.
    public let vnName: String?
    /// The MAC address; nil while the configuration has none.
    public let mac: MACAddress?
    /// The VLAN tag of a sub-interface, 1 to 4094; nil for an interface with a port of its own.
    public let vlan: Int?
    /// The place among the pod's interfaces, and how many there are; nil without the `index` annotation.
    public let index: (place: Int, total: Int)?
    /// The name of the network in Kubernetes (`network` annotation).
    public let network: String?
    /// The interface name that the user asked for (`interface` annotation).
    public let interface: String?

    /// Same assignment: all fields.
    public static func == (left: PortAssignment, right: PortAssignment) -> Bool {
        left.vmi == right.vmi && left.vm == right.vm && left.vn == right.vn && left.vnName == right.vnName
            && left.mac == right.mac && left.index?.place == right.index?.place
            && left.index?.total == right.index?.total && left.network == right.network
            && left.interface == right.interface && left.vlan == right.vlan
    }

    /// Hashes the interface's UUID, which is unique.
    public func hash(into hasher: inout Hasher) { hasher.combine(vmi) }
}

extension PortAssignment {
    /// Reads an answer: an array, or the single object of agents before 2018.
    static func list(_ body: [UInt8]) throws(JSONError) -> [PortAssignment] {
        var list: [PortAssignment] = []
        for fields in try agentElements(body) { list.append(try PortAssignment(fields)) }
        return list
    }

    private init(_ fields: JSONFields) throws(JSONError) {
        vmi = try fields.agentUUID("id")
        vm = try fields.agentUUID(fields.value("vm-uuid") == nil ? "instance-id" : "vm-uuid")
        vn = try fields.agentUUID("vn-id")
        vnName = try fields.optionalString("vn-name")
        mac = try fields.optionalString("mac-address") == "" ? nil : try fields.agentMAC("mac-address")
        vlan = try fields.agentVLAN("vlan-id")
        var annotations: [(key: String, value: String)] = []
        for text in try fields.strings("annotations") {
            if let pair = annotationPair(text) { annotations.append(pair) }
        }
        func value(_ key: String) -> String? { annotations.first { $0.key == key }?.value }
        network = value("network")
        interface = value("interface")
        guard let text = value("index") else {
            index = nil
            return
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ isNumeral($0) }),
            let place = Int(String(decoding: parts[0], as: UTF8.self)),
            let total = Int(String(decoding: parts[1], as: UTF8.self)), place >= 0, place < total,
            total <= 256
        else { throw fields.error("annotations", "the index \"\(text)\" is not like 0/2") }
        index = (place, total)
    }
}

/// A pair of the form `{key:value}`: one brace is stripped at each end, the first colon divides.
///
/// Nothing is escaped by the agent.
func annotationPair(_ text: String) -> (key: String, value: String)? {
    var inner = text.utf8[...]
    if inner.first == UInt8(ascii: "{") { inner.removeFirst() }
    if inner.last == UInt8(ascii: "}") { inner.removeLast() }
    guard let colon = inner.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    return (
        String(decoding: inner[..<colon], as: UTF8.self),
        String(decoding: inner[inner.index(after: colon)...], as: UTF8.self)
    )
}

/// The objects of an answer: those of an array, or a single one.
func agentElements(_ body: [UInt8]) throws(JSONError) -> [JSONFields] {
    let value = try JSONValue(parsing: body)
    guard let array = value.array else { return [try JSONFields(value)] }
    var list: [JSONFields] = []
    for (index, element) in array.enumerated() { list.append(try JSONFields(element, path: "[\(index)]")) }
    return list
}

extension JSONFields {
    func agentUUID(_ key: String) throws(JSONError) -> UUID {
        let text = try string(key)
        guard let uuid = UUID(text) else { throw error(key, "\"\(text)\" is not a UUID in lower case") }
        return uuid
    }

    /// A VLAN tag; the agent writes 65535 for none, and some 0.
    func agentVLAN(_ key: String) throws(JSONError) -> Int? {
        switch try optionalInteger(key, in: 0...65_535) ?? 0 {
        case 0, 65_535: return nil
        case let tag where tag <= 4094: return tag
        case let tag: throw error(key, "\(tag) is not a VLAN tag: it must be 1 to 4094")
        }
    }

    func agentMAC(_ key: String) throws(JSONError) -> MACAddress {
        let text = try string(key)
        guard let mac = MACAddress(text), mac.isUnicast else {
            throw error(key, "\"\(text)\" is not a MAC address that an interface can have")
        }
        return mac
    }
}
