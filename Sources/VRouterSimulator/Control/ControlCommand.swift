// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A line on the control socket.
enum ControlCommand: Sendable {
    case statistics
    case resetStatistics
    /// Ports of the data plane: answered when everything asked of it before is done.
    case ports
    case set(switch: String, value: Bool)
    case addFault(Fault)
    case clearFaults
    case addPod(PodConfiguration)
    case deletePod(AgentUUID)
    case pod(Bytes)
    case setKnown(AgentUUID, Bool)
    /// Another configuration event of a machine, without a change.
    case touch(AgentUUID)

    init(_ line: Bytes, networks: [VirtualNetwork]) throws(ConfigurationError) {
        var parser = AgentJSONParser(line)
        guard let json = parser.parse() else { throw ConfigurationError("", "is not JSON") }
        guard let name = json["command"]?.cString?.text else {
            throw ConfigurationError("command", "is missing")
        }
        func read(_ keys: Set<String>) throws(ConfigurationError) -> ObjectReader {
            try ObjectReader(json, at: "", keys: keys.union(["command"]))
        }
        switch name {
        case "statistics": self = .statistics
        case "reset-statistics": self = .resetStatistics
        case "ports": self = .ports
        case "clear-faults": self = .clearFaults
        case "set":
            let reader = try read(["switch", "value"])
            self = .set(switch: try reader.required("switch"), value: try reader.bool("value") ?? true)
        case "fault": self = .addFault(try Fault(try Self.member("fault", read(["fault"])), at: "fault"))
        case "add-pod":
            let json = try Self.member("pod", read(["pod"]))
            self = .addPod(try PodConfiguration(json, at: "pod", networks: networks))
        case "delete-pod": self = .deletePod(try read(["uuid"]).requiredUUID("uuid"))
        case "touch": self = .touch(try read(["uuid"]).requiredUUID("uuid"))
        case "pod": self = .pod(Bytes(try read(["name"]).required("name")))
        case "known":
            let reader = try read(["network", "value"])
            self = .setKnown(try reader.requiredUUID("network"), try reader.bool("value") ?? true)
        default: throw ConfigurationError("command", "\(name) is not a command")
        }
    }

    private static func member(_ key: String, _ reader: ObjectReader) throws(ConfigurationError) -> AgentJSON
    {
        guard let json = reader.json(key) else { throw reader.error(key, "is missing") }
        return json
    }
}
