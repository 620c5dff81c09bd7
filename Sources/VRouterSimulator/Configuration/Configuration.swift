// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// All that the simulator is told: the configuration file.
public struct Configuration: Sendable {
    /// IPv4 address of the API.
    public var address = "127.0.0.1"
    /// TCP port of the API; 0 lets the kernel choose.
    public var port = 9091
    /// The agent's folder of state files.
    public var stateDirectory = "/var/lib/contrail/ports"
    /// What the simulator keeps for itself while it runs: dnsmasq's files, process ids, the control socket.
    public var runDirectory = "/run/vrouter-sim"
    /// Path of the control socket; in the run directory if absent.
    public var controlSocket: String?
    /// Whether bridges, filters and DHCP are made.
    public var dataPlane = true

    var isDPDK = false
    var staleTimeout = 60_000
    var autoProvision = false
    var defaultNetwork: AgentUUID?
    var firstArrival = 0
    var nextArrival = 0
    var networks: [VirtualNetwork] = []
    var pods: [PodConfiguration] = []
    var switches = Switches()
    var faults: [Fault] = []

    /// A configuration without networks and pods.
    public init() {}

    static let keys: Set<String> = [
        "listen", "stateDirectory", "runDirectory", "controlSocket", "dataPlane", "platform",
        "staleTimeoutMilliseconds", "autoProvision", "defaultNetwork", "arrival", "networks", "pods",
        "switches",
        "faults",
    ]

    /// Reads a configuration file's text.
    ///
    /// - Throws: ``ConfigurationError`` naming the key that is wrong or unknown.
    public init(json text: [UInt8]) throws(ConfigurationError) {
        var parser = AgentJSONParser(text)
        guard let json = parser.parse() else { throw ConfigurationError("", "is not JSON") }
        let reader = try ObjectReader(json, at: "", keys: Self.keys)
        try readPlaces(reader)
        try readBehaviour(reader)
        for (network, place) in try reader.list("networks") {
            networks.append(try VirtualNetwork(network, at: place))
        }
        try readDefaultNetwork(reader)
        for (pod, place) in try reader.list("pods") {
            pods.append(try PodConfiguration(pod, at: place, networks: networks))
        }
    }

    /// Reads a configuration file.
    ///
    /// - Throws: ``ConfigurationError``, also if the file cannot be read.
    public init(file path: String) throws(ConfigurationError) {
        guard let text = FileText.read(Bytes(path)) else { throw ConfigurationError(path, "cannot be read") }
        try self.init(json: text)
    }

    private mutating func readPlaces(_ reader: ObjectReader) throws(ConfigurationError) {
        if let listen = try reader.object("listen", keys: ["address", "port"]) {
            address = try listen.text("address") ?? address
            guard IPv4(Bytes(address)) != nil else { throw listen.error("address", "is not an IPv4 address") }
            port = try listen.number("port", in: 0...65535) ?? port
        }
        stateDirectory = try reader.text("stateDirectory") ?? stateDirectory
        runDirectory = try reader.text("runDirectory") ?? runDirectory
        controlSocket = try reader.text("controlSocket")
    }

    private mutating func readBehaviour(_ reader: ObjectReader) throws(ConfigurationError) {
        dataPlane = try reader.bool("dataPlane") ?? dataPlane
        switch try reader.text("platform") {
        case nil, "kernel": isDPDK = false
        case "dpdk": isDPDK = true
        default: throw reader.error("platform", "must be kernel or dpdk")
        }
        staleTimeout = try reader.number("staleTimeoutMilliseconds", in: 0...86_400_000) ?? staleTimeout
        if let arrival = try reader.object("arrival", keys: ["firstMilliseconds", "nextMilliseconds"]) {
            firstArrival = try arrival.number("firstMilliseconds", in: 0...3_600_000) ?? 0
            nextArrival = try arrival.number("nextMilliseconds", in: 0...3_600_000) ?? 0
        }
        for (key, value) in try Self.flags(reader.json("switches"), at: "switches")
        where !switches.set(key, to: value) {
            throw ConfigurationError("switches.\(key)", "unknown key")
        }
        for (fault, place) in try reader.list("faults") { faults.append(try Fault(fault, at: place)) }
    }

    private mutating func readDefaultNetwork(_ reader: ObjectReader) throws(ConfigurationError) {
        autoProvision = try reader.bool("autoProvision") ?? false
        if let name = try reader.text("defaultNetwork") {
            guard let network = networks.first(where: { $0.name == name || $0.id.text == name }) else {
                throw reader.error("defaultNetwork", "no network is called \(name)")
            }
            defaultNetwork = network.id
        } else {
            defaultNetwork = networks.first?.id
        }
        if autoProvision, defaultNetwork == nil {
            throw reader.error("autoProvision", "needs a network")
        }
    }

    private static func flags(
        _ json: AgentJSON?,
        at place: String
    ) throws(ConfigurationError) -> [(String, Bool)] {
        guard let json else { return [] }
        guard case .object(let members) = json else { throw ConfigurationError(place, "must be an object") }
        var result: [(String, Bool)] = []
        for member in members {
            guard case .bool(let value) = member.value else {
                throw ConfigurationError("\(place).\(member.key.text)", "must be true or false")
            }
            result.append((member.key.text, value))
        }
        return result
    }
}
