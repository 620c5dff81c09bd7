// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
import JSON

/// A network configuration list, as in /etc/cni/net.d/*.conflist (CNI specification, section 1).
public struct CNINetworkList: Sendable {
    /// The version that all plugins of the list are spoken to in.
    public let version: CNIVersion
    /// The network's name.
    public let name: String
    /// The plugins, in order.
    public let plugins: [Plugin]
    /// Whether the list says that its attachments are not to be checked.
    public let isCheckDisabled: Bool
    /// Whether the list says that garbage is not to be collected.
    public let isGCDisabled: Bool

    /// One plugin of a list.
    public struct Plugin: Sendable {
        /// The program's name.
        public let type: String
        /// Its configuration as written.
        let object: JSONObject
        /// The capabilities that it declares.
        let capabilities: [String]
    }

    /// Whether a plugin of the list declares a capability.
    public func declares(_ capability: String) -> Bool {
        plugins.contains { $0.capabilities.contains(capability) }
    }

    /// Reads a list; a single plugin's configuration counts as a list of one.
    public init(_ bytes: [UInt8]) throws(CNIError) {
        let configuration = try CNIConfiguration(bytes)
        version = configuration.version
        name = configuration.name
        (isCheckDisabled, isGCDisabled) = try configuring { () throws(JSONError) in
            (
                try configuration.fields.optionalBool("disableCheck") ?? false,
                try configuration.fields.optionalBool("disableGC") ?? false
            )
        }
        plugins = try configuring { () throws(JSONError) in
            var entries = try configuration.fields.list("plugins")
            if entries.isEmpty { entries = [configuration.fields] }
            var plugins: [Plugin] = []
            for entry in entries { plugins.append(try Plugin(entry)) }
            return plugins
        }
    }
}

extension CNINetworkList.Plugin {
    init(_ fields: JSONFields) throws(JSONError) {
        type = try fields.string("type")
        // The name is looked up in folders of programs: it must not lead out of them.
        guard isIdentifier(type) else { throw fields.error("type", "\"\(type)\" is not a plugin's name") }
        object = fields.object
        capabilities = (try fields.optionalFields("capabilities")?.object.members ?? [])
            .filter { $0.value.bool == true }.map(\.key)
    }

    /// The configuration that the plugin gets on standard input.
    func input(
        _ list: CNINetworkList,
        previous: JSONValue?,
        runtimeConfig: JSONObject,
        besides more: [(key: String, value: JSONValue)] = []
    ) -> [UInt8] {
        var document = object
        document["cniVersion"] = .string(list.version.rawValue)
        document["name"] = .string(list.name)
        document["capabilities"] = nil
        document["prevResult"] = previous
        let offered = runtimeConfig.members.filter { capabilities.contains($0.key) }
        if !offered.isEmpty {
            document["runtimeConfig"] = .object(JSONObject(offered.map { ($0.key, $0.value) }))
        }
        for (key, value) in more { document[key] = value }
        return JSONValue.object(document).serialized()
    }
}
