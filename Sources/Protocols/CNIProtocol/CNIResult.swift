// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import NetworkTypes

/// The result of an ADD (specification, section 5), in the shape of version 0.3.0 and later.
///
/// A result of a plugin before is kept whole, unknown keys included; what is added is written in the
/// version of the configuration.
public struct CNIResult: Hashable, Sendable {
    /// The result's version.
    public let version: CNIVersion
    private var object: JSONObject

    /// A network device that the attachment made or changed.
    public struct Interface: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The MAC address.
        public var mac: MACAddress?
        /// The MTU in bytes; printed since 1.1.0.
        public var mtu: Int?
        /// The network namespace, or the VM's id; nil for a device on the node.
        public var sandbox: String?
        /// The path of a vhost-user socket; printed since 1.1.0.
        public var socketPath: String?

        /// A device.
        public init(
            name: String,
            mac: MACAddress? = nil,
            mtu: Int? = nil,
            sandbox: String? = nil,
            socketPath: String? = nil
        ) {
            self.name = name
            self.mac = mac
            self.mtu = mtu
            self.sandbox = sandbox
            self.socketPath = socketPath
        }
    }

    /// An address of an interface.
    public struct Address: Hashable, Sendable {
        /// Address and prefix length.
        public var prefix: IPPrefix
        /// The gateway of its network.
        public var gateway: IPAddress?
        /// The place of its interface in the list.
        public var interface: Int?

        /// An address.
        public init(_ prefix: IPPrefix, gateway: IPAddress? = nil, interface: Int? = nil) {
            self.prefix = prefix
            self.gateway = gateway
            self.interface = interface
        }
    }

    /// An empty result.
    public init(version: CNIVersion) {
        self.version = version
        object = JSONObject()
    }

    /// A result that the runtime hands on as `prevResult`.
    public init(previous: JSONValue, version: CNIVersion) throws(JSONError) {
        object = try JSONFields(previous, path: "prevResult").object
        self.version = version
        _ = try interfaces()
        _ = try addresses()
        _ = try routes()
        _ = try dns()
    }

    private var fields: JSONFields { JSONFields(object, path: "prevResult") }

    /// The interfaces.
    public func interfaces() throws(JSONError) -> [Interface] {
        var list: [Interface] = []
        for entry in try fields.list("interfaces") { list.append(try Interface(entry)) }
        return list
    }

    /// The addresses.
    public func addresses() throws(JSONError) -> [Address] {
        var list: [Address] = []
        for entry in try fields.list("ips") { list.append(try Address(entry)) }
        return list
    }

    /// The routes.
    public func routes() throws(JSONError) -> [Route] {
        var list: [Route] = []
        for entry in try fields.list("routes") {
            guard let destination = IPPrefix(try entry.string("dst")) else {
                throw entry.error("dst", "is not a network")
            }
            list.append(Route(to: destination, via: try entry.optionalAddress("gw")))
        }
        return list
    }

    /// The resolver configuration.
    public func dns() throws(JSONError) -> DNS {
        guard let entry = try fields.optionalFields("dns") else { return DNS() }
        var servers: [IPAddress] = []
        for text in try entry.strings("nameservers") {
            guard let server = IPAddress(text) else {
                throw entry.error("nameservers", "\"\(text)\" is not an IP address")
            }
            servers.append(server)
        }
        return DNS(
            servers: servers,
            search: try entry.strings("search"),
            options: try entry.strings("options")
        )
    }

    /// Adds an interface.
    ///
    /// - Returns: Its place in the list.
    @discardableResult
    public mutating func append(_ interface: Interface) -> Int {
        append(interface.json(version), to: "interfaces")
    }

    /// Adds an address.
    public mutating func append(_ address: Address) { append(address.json(version), to: "ips") }

    /// Adds a route.
    public mutating func append(_ route: Route) {
        var entry = JSONObject([("dst", .string(route.destination.text))])
        entry["gw"] = route.gateway.map { .string($0.text) }
        append(.object(entry), to: "routes")
    }

    /// Replaces the resolver configuration.
    public mutating func setDNS(_ dns: DNS) {
        var entry = JSONObject()
        if !dns.servers.isEmpty { entry["nameservers"] = .array(dns.servers.map { .string($0.text) }) }
        if !dns.search.isEmpty { entry["search"] = .array(dns.search.map { .string($0) }) }
        if !dns.options.isEmpty { entry["options"] = .array(dns.options.map { .string($0) }) }
        object["dns"] = .object(entry)
    }

    @discardableResult
    private mutating func append(_ entry: JSONValue, to key: String) -> Int {
        var entries = object[key]?.array ?? []
        entries.append(entry)
        object[key] = .array(entries)
        return entries.count - 1
    }

    /// The document to print, in the result's version.
    public var json: JSONValue {
        guard version >= .v030 else { return legacy }
        var document = JSONObject([("cniVersion", .string(version.rawValue))])
        for member in object.members where member.key != "cniVersion" { document[member.key] = member.value }
        if document["dns"] == nil { document["dns"] = .object(JSONObject()) }
        return .object(document)
    }

    /// Versions 0.1.0 and 0.2.0: one address a family, as `ip4` and `ip6`.
    private var legacy: JSONValue {
        var document = JSONObject([("cniVersion", .string(version.rawValue))])
        // What we appended ourselves is well-formed; chains do not exist in these versions.
        for entry in object["ips"]?.array ?? [] {
            guard let address = entry.object, let text = address["address"]?.string,
                let prefix = IPPrefix(text)
            else {
                continue
            }
            let key = prefix.address.family == .v4 ? "ip4" : "ip6"
            guard document[key] == nil else { continue }
            var part = JSONObject([("ip", .string(text))])
            part["gateway"] = address["gateway"]
            let routes = (object["routes"]?.array ?? []).filter { route in
                guard let text = route.object?["dst"]?.string else { return false }
                return IPPrefix(text)?.address.family == prefix.address.family
            }
            if !routes.isEmpty { part["routes"] = .array(routes) }
            document[key] = .object(part)
        }
        document["dns"] = object["dns"] ?? .object(JSONObject())
        return .object(document)
    }
}
