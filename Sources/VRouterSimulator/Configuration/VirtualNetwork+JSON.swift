// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension VirtualNetwork {
    private static let keys: Set<String> = ["uuid", "name", "v4", "v6", "domain", "known"]

    init(_ json: AgentJSON, at place: String) throws(ConfigurationError) {
        let reader = try ObjectReader(json, at: place, keys: Self.keys)
        id = try reader.requiredUUID("uuid")
        name = try reader.required("name")
        v4 = try Addressing(reader, "v4", size: 4)
        v6 = try Addressing(reader, "v6", size: 16)
        domain = try reader.text("domain") ?? ""
        isKnown = try reader.bool("known") ?? true
    }
}

extension VirtualNetwork.Addressing {
    fileprivate init?(_ parent: ObjectReader, _ key: String, size: Int) throws(ConfigurationError) {
        guard let reader = try parent.object(key, keys: ["subnet", "gateway", "dns"]) else { return nil }
        guard let subnet = Subnet(try reader.required("subnet")), subnet.address.count == size else {
            throw reader.error("subnet", "is not a prefix of this family")
        }
        self.subnet = subnet
        gateway = try Self.address(reader, "gateway", in: subnet) ?? Bytes(repeating: 0, count: size)
        dns = try Self.address(reader, "dns", in: nil) ?? Bytes(repeating: 0, count: size)
        guard dns.count == size else { throw reader.error("dns", "is not an address of this family") }
    }

    private static func address(
        _ reader: ObjectReader,
        _ key: String,
        in subnet: Subnet?
    ) throws(ConfigurationError) -> Bytes? {
        guard let text = try reader.text(key).map(Bytes.init) else { return nil }
        guard let address = IPv4(text)?.bytes ?? IPv6(text)?.bytes else {
            throw reader.error(key, "is not an address")
        }
        guard subnet?.contains(address) ?? true else { throw reader.error(key, "is not in the subnet") }
        return address
    }
}
