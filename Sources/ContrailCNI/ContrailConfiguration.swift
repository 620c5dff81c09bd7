// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import LinuxSystem
import NetworkTypes
import OwedDeletions
import PluginFloor
import PreparedInterface
import VRouter

/// The `contrail` object of the network configuration: keys and defaults of the Go plugin, over those of
/// its file in /etc/cni/net.d where there is one.
struct ContrailConfiguration {
    /// `cluster-name`: the first part of the VM's name at the agent.
    let clusterName: String
    /// `vrouter-ip` and `vrouter-port`: an IP literal.
    let agent: AgentAddress
    /// `config-dir`: the agent's folder of port files.
    let configFolder: String
    /// `poll-timeout` in seconds: the longest that one request may take.
    let requestLimit: Int64
    /// `poll-timeout` times `poll-retries`: the longest that an ADD may take, in microseconds.
    let overallLimit: Int64
    /// `mtu`: bytes, or `auto`.
    let mtu: MTU
    /// `ipv6-prefix-length`: the agent's API has none.
    let v6PrefixLength: Int
    /// `network`: the pod's network that this configuration is for, where `name` does not tell.
    let network: String?
    /// `interfaces`: whether an ADD makes the one interface that it names, or all of the pod; nil: as the caller is a
    /// meta plugin or not.
    let scope: Scope?
    /// `meta-plugin`: the name of the process that calls for each interface.
    let metaPlugin: String
    /// `platform`: what the vRouter is, as in the agent's own configuration.
    let platform: Platform
    /// `vhost-user-dir`: where vRouter-DPDK looks for sockets.
    let vhostUserFolder: String
    /// `vif-type`: whether this node's pods have ports of their own, or VLANs of the node's.
    let attaches: VIFType
    /// `parent-interface`: what carries VLANs: with `macvlan` the node's interface, eth0 by default, else one of
    /// the pod; nil: the pod's first.
    let parentInterface: InterfaceName?
    /// `introspect-port`: the agent's; nil: STATUS does not ask for its control connections.
    let introspectPort: UInt16?
    /// `log-file` and `log-level`.
    let logFile: String
    let logLevel: Int
    /// `run-dir` and `state-dir`: our own files.
    let runFolder: RunFolder
    let stateFolder: String
    /// Whether every value could be read; only an undo goes on without.
    private(set) var isWhole = true

    enum MTU {
        case fixed(Int)
        /// vhost0's MTU less what the tunnel adds.
        case auto
    }

    enum Scope: String {
        /// A meta plugin calls for each interface.
        case one
        /// This plugin is alone: one ADD makes all that the agent has for the pod.
        case all
    }

    enum Platform: String {
        /// The kernel module: taps and veths.
        case kernel
        /// DPDK: vhost-user sockets for VMs.
        case dpdk
    }

    /// The words are the Go plugin's.
    enum VIFType: String {
        /// A vRouter runs on this node.
        case veth
        /// Nested: this node is a VM on an OpenContrail network; the vRouter is on the host outside.
        case macvlan
    }

    var store: InterfaceStore { runFolder.interfaces }
    var debts: OwedDeletions { OwedDeletions(folder: "\(stateFolder)/owed") }
    var agentFiles: AgentFiles { AgentFiles(folder: configFolder) }

    /// Folders of the Go plugin's own file, which need not be there.
    static let fileFolders = ["/etc/cni/net.d", "/etc/kubernetes/cni/net.d"]

    /// Reads the `contrail` object of a network configuration.
    ///
    /// In an undo's, each value that is wrong counts as absent, and so does a file that can't be read.
    init(_ configuration: CNIConfiguration, fileFolders: [String] = Self.fileFolders) throws(CNIError) {
        if configuration.isOfUndo {
            self = try configuring { () throws(JSONError) in
                try Self.ofUndo(configuration, fileFolders: fileFolders)
            }
            return
        }
        let object = try configuring { () throws(JSONError) in
            try configuration.fields.optionalFields("contrail")
        }
        let file = try Self.fileObject(fileFolders)
        self = try configuring { () throws(JSONError) in
            try ContrailConfiguration(Self.merged(object?.object, over: file))
        }
    }

    private static func ofUndo(
        _ configuration: CNIConfiguration,
        fileFolders: [String]
    ) throws(JSONError) -> ContrailConfiguration {
        let value = configuration.fields.value(path)
        var object = value?.object
        // Nothing at all, or no object: the ADD had another one.
        var isWhole = !configuration.fields.object.members.isEmpty && (value == nil || object != nil)
        var file = JSONObject()
        do throws(CNIError) { file = try fileObject(fileFolders) } catch {
            // Its values are unknown now: what was saved, and the defaults, are left.
            isWhole = false
        }
        // Each round takes one wrong value away, so it ends.
        while true {
            do throws(JSONError) {
                var read = try ContrailConfiguration(merged(object, over: file))
                read.isWhole = isWhole
                return read
            } catch {
                isWhole = false
                guard let key = error.key(below: path),
                    object?.removeLast(key) ?? false || file.removeLast(key)
                else { throw error }
            }
        }
    }

    private static let path = "contrail"

    /// What standard input says counts, key by key.
    private static func merged(_ object: JSONObject?, over file: JSONObject) -> JSONFields {
        var merged = file
        for member in object?.members ?? [] where !member.value.isNull {
            // Behind the file's: the last of equal keys counts.
            if !file.members.isEmpty { merged[member.key] = nil }
            merged[member.key] = member.value
        }
        return JSONFields(merged, path: path, matching: .asGo)
    }

    private init(_ fields: JSONFields) throws(JSONError) {
        clusterName = try fields.optionalString("cluster-name") ?? "k8s"
        guard isIdentifier(clusterName) else {
            throw fields.error("cluster-name", "must hold only letters, digits, '_', '.' and '-'")
        }
        let ip = try fields.optionalString("vrouter-ip") ?? "127.0.0.1"
        guard let address = IPAddress(ip) else {
            throw fields.error("vrouter-ip", "\"\(ip)\" is not an IP address; names are not resolved")
        }
        let port = try fields.optionalInteger("vrouter-port", in: 1...65_535) ?? 9091
        agent = AgentAddress(ip: address, port: UInt16(port))
        let timeout = try fields.optionalInteger("poll-timeout", in: 1...300) ?? 3
        let retries = try fields.optionalInteger("poll-retries", in: 1...100) ?? 20
        requestLimit = Int64(timeout) * 1_000_000
        overallLimit = requestLimit * Int64(retries)
        mtu = try Self.mtu(fields)
        v6PrefixLength = try fields.optionalInteger("ipv6-prefix-length", in: 1...128) ?? 64
        configFolder = try Self.folder(fields, "config-dir", "/var/lib/contrail/ports/vm")
        runFolder = RunFolder(try Self.folder(fields, "run-dir", RunFolder.standard.path))
        stateFolder = try Self.folder(fields, "state-dir", "/var/lib/contrail-vm")
        logFile = try Self.folder(fields, "log-file", "/var/log/contrail/cni/opencontrail.log")
        logLevel = try Self.logLevel(fields)
        network = try fields.optionalString("network")
        let word = try fields.optionalString("interfaces")
        scope = word.flatMap { Scope(rawValue: $0) }
        guard word == nil || scope != nil else {
            throw fields.error("interfaces", "is neither \"one\" nor \"all\"")
        }
        metaPlugin = try fields.optionalString("meta-plugin") ?? "multus"
        guard let platform = Platform(rawValue: try fields.optionalString("platform") ?? "kernel") else {
            throw fields.error("platform", "is neither \"kernel\" nor \"dpdk\"")
        }
        self.platform = platform
        vhostUserFolder = try Self.folder(fields, "vhost-user-dir", "/var/run/vrouter")
        introspectPort = try fields.optionalInteger("introspect-port", in: 1...65_535).map { UInt16($0) }
        guard let attaches = VIFType(rawValue: try fields.optionalString("vif-type") ?? "veth") else {
            throw fields.error("vif-type", "is neither \"veth\" nor \"macvlan\"")
        }
        self.attaches = attaches
        let parent = try fields.optionalString("parent-interface") ?? (attaches == .macvlan ? "eth0" : nil)
        parentInterface = parent.flatMap { InterfaceName($0) }
        if let parent, parentInterface == nil {
            throw fields.error("parent-interface", "\"\(parent)\" is not an interface name")
        }
    }

    private static func mtu(_ fields: JSONFields) throws(JSONError) -> MTU {
        if case .string(let word)? = fields.value("mtu") {
            guard word == "auto" else {
                throw fields.error("mtu", "\"\(word)\" is neither a number nor \"auto\"")
            }
            return .auto
        }
        return .fixed(try fields.optionalInteger("mtu", in: 1280...65_535) ?? 1500)
    }

    private static let standardLogLevel = 4

    /// The Go plugin takes any string, without effect; people write numbers.
    private static func logLevel(_ fields: JSONFields) throws(JSONError) -> Int {
        if case .number(let digits)? = fields.value("log-level"), let level = Int(digits) { return level }
        return try fields.optionalString("log-level").flatMap { Int($0) } ?? standardLogLevel
    }

    /// Where vRouter-DPDK keeps what a device negotiated: beside the agent's folder of ports.
    func featureFile(_ systemName: String) -> String {
        "\(Files.folder(of: Files.folder(of: configFolder)))/vm_feature/\(systemName)"
    }

    private static func folder(
        _ fields: JSONFields,
        _ key: String,
        _ standard: String
    ) throws(JSONError) -> String {
        let path = try fields.optionalString(key) ?? standard
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw fields.error(key, "\"\(path)\" is not an absolute path")
        }
        return path
    }

    /// The `contrail` object of the first file, by name, that ends in `contrail.conf` or `tf-cni.conf`.
    private static func fileObject(_ folders: [String]) throws(CNIError) -> JSONObject {
        for folder in folders {
            let names: [String]
            do throws(SystemError) { names = try Files.list(folder) } catch { continue }
            for name in names where name.hasSuffix("contrail.conf") || name.hasSuffix("tf-cni.conf") {
                let path = "\(folder)/\(name)"
                let bytes = try files { () throws(SystemError) in try Files.read(path) }
                if let bytes { return try object(bytes, path) }
            }
        }
        return JSONObject()
    }

    private static func object(_ bytes: [UInt8], _ file: String) throws(CNIError) -> JSONObject {
        do throws(JSONError) {
            return try JSONFields(try JSONValue(parsing: bytes), matching: .asGo).optionalFields(path)?.object
                ?? JSONObject()
        } catch {
            throw CNIError(.invalidConfiguration, "\(file): \(error.message)")
        }
    }
}

extension JSONError {
    /// The key of the field below a path that the error is about.
    fileprivate func key(below path: String) -> String? {
        guard case .field(let field, _) = self, field.utf8.starts(with: "\(path).".utf8) else { return nil }
        return String(field.utf8.dropFirst(path.utf8.count + 1)) ?? ""
    }
}

extension JSONObject {
    /// Removes the member that counts for a key, as Go compares keys.
    ///
    /// - Returns: Whether there was one.
    fileprivate mutating func removeLast(_ key: String) -> Bool {
        guard let member = members.last(where: { !$0.value.isNull && isSameKeyInGo($0.key, key) }) else {
            return false
        }
        self[member.key] = nil
        return true
    }
}
