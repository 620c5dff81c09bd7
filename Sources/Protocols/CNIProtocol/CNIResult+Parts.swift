// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes

extension CNIResult.Interface {
    init(_ fields: JSONFields) throws(JSONError) {
        name = try fields.string("name")
        if let text = try fields.optionalString("mac"), !text.isEmpty {
            guard let bytes = MACAddress.hardwareAddress(text) else {
                throw fields.error("mac", "\"\(text)\" is not a MAC address")
            }
            // Others' devices can have longer ones: InfiniBand's has 20 bytes.
            mac = MACAddress(bytes: bytes)
        }
        mtu = try fields.optionalInteger("mtu", in: 0...Int(Int32.max))
        if let text = try fields.optionalString("sandbox"), !text.isEmpty { sandbox = text }
        socketPath = try fields.optionalString("socketPath")
    }

    func json(_ version: CNIVersion) -> JSONValue {
        var object = JSONObject([("name", .string(name))])
        object["mac"] = mac.map { .string($0.text) }
        object["sandbox"] = sandbox.map { .string($0) }
        if version >= .v110 {
            object["mtu"] = mtu.map { .integer($0) }
            object["socketPath"] = socketPath.map { .string($0) }
        }
        return .object(object)
    }
}

extension CNIResult.Address {
    init(_ fields: JSONFields) throws(JSONError) {
        guard let prefix = IPPrefix(try fields.string("address")) else {
            throw fields.error("address", "is not an address with a prefix length")
        }
        self.prefix = prefix
        gateway = try fields.optionalAddress("gateway")
        interface = try fields.optionalInteger("interface", in: 0...4095)
    }

    func json(_ version: CNIVersion) -> JSONValue {
        var object = JSONObject()
        if version < .v100 { object["version"] = .string(prefix.address.family == .v4 ? "4" : "6") }
        object["interface"] = interface.map { .integer($0) }
        object["address"] = .string(prefix.text)
        object["gateway"] = gateway.map { .string($0.text) }
        return .object(object)
    }
}

extension JSONFields {
    func optionalAddress(_ key: String) throws(JSONError) -> IPAddress? {
        guard let text = try optionalString(key), !text.isEmpty else { return nil }
        guard let address = IPAddress(text) else { throw error(key, "\"\(text)\" is not an IP address") }
        return address
    }
}
