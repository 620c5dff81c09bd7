// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import LinuxSystem
import NetworkTypes
import PreparedInterface
import VRouter

/// A port that a record tells of.
struct KnownPort {
    let key: InterfaceKey
    let vmName: String
    let vm: UUID
    let vmi: UUID
    let kind: VRouterPort.Kind
    /// The device, or the vhost-user name.
    let systemName: String
    /// The folder in which its agent-format file is.
    let configFolder: String
    /// The boot in which it was made.
    let bootID: BootID
    /// The version of the record that this was read from.
    let record: FileIdentity
    /// What the agent is told; nil where it must not be told.
    var registration: Registration?
    /// The version of the agent-format file that was last found right.
    var file: FileIdentity?
    /// Whether the port is this container's, and not a newer sandbox's of the same pod.
    var isHolder = true

    /// Its names in the log: those that plugins and the runtime log, too.
    var logged: String {
        "\(vmName) interface=\(key.interface.text) container=\(key.containerID.text) vmi=\(vmi.text)"
    }
}

/// The ports of this node, as the records tell: read again only where a file has changed.
struct PortTable {
    private let store: InterfaceStore
    private let configFolder: String
    private(set) var ports: [InterfaceKey: KnownPort] = [:]
    /// The interfaces of each VM name, so that all of a VM are registered together.
    private(set) var keys: [String: [InterfaceKey]] = [:]
    /// Records and plans that can't be read, by their paths.
    private(set) var unreadable: [String: FileIdentity] = [:]
    /// Records without a port, and plans, that are of an earlier boot: nobody else removes them.
    private(set) var dead: [(key: InterfaceKey, lock: String)] = []
    /// Records of this boot without a port: another plugin's network.
    private var others: [InterfaceKey: FileIdentity] = [:]

    init(store: InterfaceStore, configFolder: String) {
        self.store = store
        self.configFolder = configFolder
    }

    /// Names of VMs, and of other locks, under which something has to be done, sorted.
    var lockNames: [String] {
        var names = Set(keys.keys)
        for interface in dead { names.insert(interface.lock) }
        return names.sorted()
    }

    /// Looks at all files again.
    ///
    /// - Returns: What can't be read and was not told before.
    mutating func scan(bootID: BootID) throws(SystemError) -> [String] {
        var found: Set<InterfaceKey> = []
        var problems: [String] = []
        var bad: [String: FileIdentity] = [:]
        dead = []
        for folder in try Files.list(store.folder) {
            guard let container = ContainerID(folder) else { continue }
            for file in try Files.list("\(store.folder)/\(folder)") {
                let path = "\(store.folder)/\(folder)/\(file)"
                guard let (key, stage) = Self.key(container, file), let identity = FileIdentity(path) else {
                    continue
                }
                let reason: String?
                switch stage {
                case .record:
                    found.insert(key)
                    reason = refresh(key, identity) ?? noteOther(key, identity, bootID)
                case .plan: reason = note(key, .plan, bootID)
                }
                guard let reason else { continue }
                bad[path] = identity
                if unreadable[path] != identity { problems.append(reason) }
            }
        }
        unreadable = bad
        for key in Array(ports.keys) where !found.contains(key) { forget(key) }
        others = others.filter { found.contains($0.key) }
        return problems
    }

    /// Reads a record again if its file is another than before.
    ///
    /// - Returns: Why it can't be read; it is known no more then.
    @discardableResult
    mutating func refresh(_ key: InterfaceKey) -> String? {
        guard let identity = FileIdentity(store.path(of: key, .record)) else {
            forget(key)
            return nil
        }
        return refresh(key, identity)
    }

    private mutating func refresh(_ key: InterfaceKey, _ identity: FileIdentity) -> String? {
        if let known = ports[key], known.record == identity { return nil }
        let namespace = ports[key]?.registration?.vm?.namespace
        do throws(InterfaceStore.Failure) {
            guard let record = try store.load(key, .record), let port = record.port else {
                forget(key)
                return nil
            }
            forget(key)
            ports[key] = KnownPort(
                key: key,
                vmName: port.vmName,
                vm: port.vm,
                vmi: port.vmi,
                kind: port.kind,
                systemName: port.systemName,
                configFolder: Self.folder(of: port) ?? configFolder,
                bootID: record.bootID,
                record: identity,
                registration: Registration(record, namespace: namespace)
            )
            keys[port.vmName, default: []].append(key)
            return nil
        } catch {
            forget(key)
            return error.message
        }
    }

    /// Looks at a record without a port.
    private mutating func noteOther(
        _ key: InterfaceKey,
        _ identity: FileIdentity,
        _ bootID: BootID
    ) -> String? {
        guard ports[key] == nil, others[key] != identity else { return nil }
        let reason = note(key, .record, bootID)
        if reason == nil, dead.last?.key != key { others[key] = identity }
        return reason
    }

    /// Notes what is of an earlier boot, and the lock under which it may be removed.
    private mutating func note(
        _ key: InterfaceKey,
        _ stage: InterfaceStore.Stage,
        _ bootID: BootID
    ) -> String? {
        do throws(InterfaceStore.Failure) {
            guard let interface = try store.load(key, stage), interface.bootID != bootID else { return nil }
            // The names by which the plugins lock.
            dead.append((key, interface.port?.vmName ?? "container.\(key.containerID.text)"))
            return nil
        } catch {
            return error.message
        }
    }

    /// Forgets a port whose record is gone.
    mutating func forget(_ key: InterfaceKey) {
        guard let port = ports.removeValue(forKey: key) else { return }
        keys[port.vmName]?.removeAll { $0 == key }
        if keys[port.vmName]?.isEmpty ?? false { keys[port.vmName] = nil }
    }

    /// Replaces what is known of a port.
    mutating func update(_ port: KnownPort) { ports[port.key] = port }

    /// The ports of a VM, in the order of their interfaces' names.
    func ports(of vmName: String) -> [KnownPort] {
        (keys[vmName] ?? []).compactMap { ports[$0] }
            .sorted {
                ($0.key.interface.text, $0.record.modified) < ($1.key.interface.text, $1.record.modified)
            }
    }

    private static func key(_ container: ContainerID, _ file: String) -> (InterfaceKey, InterfaceStore.Stage)?
    {
        let stage: InterfaceStore.Stage
        switch true {
        case file.hasSuffix(".json"): stage = .record
        case file.hasSuffix(".plan"): stage = .plan
        default: return nil
        }
        guard let name = InterfaceName(String(file.dropLast(5))) else { return nil }
        return (InterfaceKey(containerID: container, interface: name), stage)
    }

    /// The folder in which the plugin has written the agent-format file.
    private static func folder(of port: VRouterPort) -> String? {
        let end = "/\(port.vmName)/\(port.vmi.text)"
        guard port.kind == .vm, port.file.hasSuffix(end), port.file.utf8.count > end.utf8.count else {
            return nil
        }
        return String(port.file.dropLast(end.count))
    }
}

/// Which of several containers' records of one port holds it: the one that the agent's file names, else the
/// newest.
///
/// `candidates`: never empty. `named`: the container in the agent's file. `isNamedAlive`: whether that one has
/// a record or a plan of its own: then that one holds the port, even if it is not a candidate.
///
/// - Returns: The candidate's index; nil where none of them holds it.
func holder(
    of candidates: [(containerID: String, modified: Int64)],
    named: String?,
    isNamedAlive: Bool
) -> Int? {
    if let named {
        if let index = candidates.firstIndex(where: { $0.containerID == named }) { return index }
        if isNamedAlive { return nil }
    }
    return candidates.indices.max { candidates[$0].modified < candidates[$1].modified }
}
