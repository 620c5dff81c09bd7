// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import LinuxSystem
import NetworkTypes
import OwedDeletions
import PreparedInterface
import Resident
import VRouter

/// What is wrong with the arguments or the configuration.
struct ConfigurationError: Error, Hashable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// The configuration: the plugin's keys, and a few of our own.
struct SyncConfiguration: Hashable {
    /// `vrouter-ip` and `vrouter-port`.
    let agent: AgentAddress
    /// `config-dir`: the agent's folder of files of POST /vm; those of POST /port are in the folder above.
    let configFolder: String
    /// `run-dir`.
    let runFolder: RunFolder
    /// `state-dir`.
    let stateFolder: String
    /// `cluster-name`: the first part of VM names.
    let clusterName: String
    /// `interval`, in microseconds: from the start of a round to the next.
    let interval: Int64
    /// `metrics`: where they are served; nil for nowhere.
    let metrics: AgentAddress?
    /// `log-level`.
    let logLevel: LogLevel

    var store: InterfaceStore { runFolder.interfaces }
    var owed: OwedDeletions { OwedDeletions(folder: "\(stateFolder)/owed") }

    /// The folder of files of POST /port.
    var portFolder: String {
        guard let slash = configFolder.utf8.lastIndex(of: UInt8(ascii: "/")) else { return configFolder }
        return String(configFolder[..<slash])
    }

    static let keys = [
        "vrouter-ip", "vrouter-port", "config-dir", "run-dir", "state-dir", "cluster-name", "interval",
        "metrics", "log-level",
    ]

    /// Reads a file; where it is absent and need not be there, all is as by default.
    static func load(_ file: Options.File) throws(ConfigurationError) -> SyncConfiguration {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Files.read(file.path)
        } catch {
            throw ConfigurationError(error.message)
        }
        guard let bytes else {
            guard !file.mustExist else { throw ConfigurationError("there is no configuration \(file.path)") }
            return try parse(Array("{}".utf8), file.path)
        }
        return try parse(bytes, file.path)
    }

    static func parse(_ bytes: [UInt8], _ path: String) throws(ConfigurationError) -> SyncConfiguration {
        do throws(JSONError) {
            return try SyncConfiguration(JSONFields(try JSONValue(parsing: bytes)))
        } catch {
            throw ConfigurationError("configuration \(path): \(error.message)")
        }
    }

    private init(_ fields: JSONFields) throws(JSONError) {
        for member in fields.object.members where !Self.keys.contains(member.key) {
            throw fields.error(member.key, "is unknown; known are \(Self.keys.joined(separator: ", "))")
        }
        let ip = try fields.optionalString("vrouter-ip") ?? "127.0.0.1"
        guard let address = IPAddress(ip) else {
            throw fields.error("vrouter-ip", "\"\(ip)\" is not an IP address; names are not resolved")
        }
        let port = try fields.optionalInteger("vrouter-port", in: 1...65_535) ?? 9091
        agent = AgentAddress(ip: address, port: UInt16(port))
        configFolder = try Self.folder(fields, "config-dir", "/var/lib/contrail/ports/vm")
        runFolder = RunFolder(try Self.folder(fields, "run-dir", RunFolder.standard.path))
        stateFolder = try Self.folder(fields, "state-dir", "/var/lib/contrail-vm")
        clusterName = try fields.optionalString("cluster-name") ?? "k8s"
        guard isIdentifier(clusterName) else {
            throw fields.error("cluster-name", "must hold only letters, digits, '_', '.' and '-'")
        }
        interval = Int64(try fields.optionalInteger("interval", in: 1...3600) ?? 20) * 1_000_000
        metrics = try Self.metrics(fields)
        let level = try fields.optionalString("log-level") ?? "info"
        guard let logLevel = LogLevel(level) else {
            throw fields.error("log-level", "\"\(level)\" is not error, warning, info or debug")
        }
        self.logLevel = logLevel
    }

    private static func metrics(_ fields: JSONFields) throws(JSONError) -> AgentAddress? {
        let text = try fields.optionalString("metrics") ?? "127.0.0.1:9812"
        guard !text.isEmpty else { return nil }
        guard let address = AgentAddress(text) else {
            throw fields.error("metrics", "\"\(text)\" is not an address and port like 127.0.0.1:9812")
        }
        let isLoopback =
            switch address.ip.family {
            case .v4: address.ip.bytes.first == 127
            case .v6: address.ip.bytes == [UInt8](repeating: 0, count: 15) + [1]
            }
        guard isLoopback else {
            throw fields.error(
                "metrics",
                "\"\(text)\" is not a loopback address: nobody is asked for a password"
            )
        }
        return address
    }

    private static func folder(
        _ fields: JSONFields,
        _ key: String,
        _ standard: String
    ) throws(JSONError) -> String {
        let path = try fields.optionalString(key) ?? standard
        guard path.utf8.count > 1, path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0),
            path.utf8.last != UInt8(ascii: "/")
        else {
            throw fields.error(key, "\"\(path)\" is not an absolute path without a slash at its end")
        }
        return path
    }
}
