// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import LinuxSystem
import NetworkTypes
import PreparedInterface
import VRouter

/// An agent file that may be stale.
enum SweepItem: Hashable {
    /// Of POST /vm: `<config-dir>/<VM name>/<VMI>`.
    case vm(PortRegistration)
    /// A VM's folder without a port's file.
    case folder(vmName: String)
    /// Of POST /port: `<config-dir>/../<VMI>`.
    case port(PortFile)

    /// The VM's name: also that of the lock.
    var vmName: String {
        switch self {
        case .vm(let registration): registration.vmName
        case .folder(let vmName): vmName
        case .port(let file): file.vmName
        }
    }
}

/// What the agent's file of POST /port tells, as far as it says whose it is.
struct PortFile: Hashable {
    let vmi: UUID
    let vmName: String
    let systemName: String
    /// When it was written, in seconds since 1970.
    let modified: Int64

    init(vmi: UUID, vmName: String, systemName: String, modified: Int64) {
        self.vmi = vmi
        self.vmName = vmName
        self.systemName = systemName
        self.modified = modified
    }

    /// - Throws: Where it is not a whole file of this format, or not in its place.
    init(_ bytes: [UInt8], name: UUID, modified: Int64) throws(JSONError) {
        let fields = try JSONFields(try JSONValue(parsing: bytes))
        guard try fields.string("id") == name.text else {
            throw fields.error("id", "is another than the name")
        }
        self.init(
            vmi: name,
            vmName: try fields.string("display-name"),
            systemName: try fields.string("system-name"),
            modified: modified
        )
    }
}

/// What may be swept: pure.
struct SweepRule {
    let clusterName: String
    /// When this boot began, in seconds since 1970.
    let bootSeconds: Int64

    /// Whether a VM's name is one that we would make of a pod: `cluster__namespace__pod`.
    func isOurs(vmName: String) -> Bool {
        let prefix = "\(clusterName)__"
        guard isIdentifier(vmName), vmName.utf8.count <= PortRegistration.mostNameBytes,
            vmName.hasPrefix(prefix)
        else { return false }
        let rest = Array(vmName.utf8.dropFirst(prefix.utf8.count))
        let underscore = UInt8(ascii: "_")
        // Names in Kubernetes have no underscore: the one pair is between namespace and pod.
        guard let first = rest.firstIndex(of: underscore), first > 0, rest.count > first + 2,
            rest[first + 1] == underscore
        else { return false }
        return !rest[(first + 2)...].contains(underscore)
    }

    /// Whether a device's name is one that we would make: `tap` and 11 hexadecimal digits.
    ///
    /// Nova's has a dash: `tap1af4bee3-04`.
    func isOurs(systemName: String) -> Bool {
        systemName.utf8.count == 14 && systemName.hasPrefix("tap")
            && systemName.utf8.dropFirst(3).allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// What is known of a file's port.
    struct Facts {
        /// Whether its container has a record or a plan, or another container a record of the same port.
        var isRecorded = false
        /// Whether the device is in this namespace.
        var hasDevice = false
        /// Whether some record or plan can't be read: it may be this port's.
        var isUncertain = false
        /// Whether the plugins' folder of records is there at all.
        var hasRecords = true
    }

    /// Whether the agent's file of POST /vm is of a pod that is no more.
    func isDead(_ file: PortRegistration, _ facts: Facts) -> Bool {
        isOurs(vmName: file.vmName) && !facts.isRecorded && !facts.hasDevice
    }

    /// Whether the agent's file of POST /port is of a pod that is no more.
    ///
    /// A vhost-user port has no device. So that a wrong `run-dir` takes nobody's port, a file of this boot
    /// goes only where the plugins have written something.
    func isDead(_ file: PortFile, _ facts: Facts) -> Bool {
        isOurs(vmName: file.vmName) && isOurs(systemName: file.systemName) && !facts.isRecorded
            && !facts.isUncertain && (facts.hasRecords || file.modified < bootSeconds)
    }
}

/// Finds what may be swept; nothing is changed.
struct SweepSearch {
    let configuration: SyncConfiguration
    let rule: SweepRule

    /// What is worth a closer look under the VM's lock.
    ///
    /// `isKnown`: whether some record has a VMI.
    func candidates(isKnown: (UUID) -> Bool) throws(SystemError) -> [SweepItem] {
        var items: [SweepItem] = []
        let files = AgentFiles(folder: configuration.configFolder)
        for vmName in try Files.list(files.folder) where rule.isOurs(vmName: vmName) {
            var isEmpty = true
            for name in try Files.list("\(files.folder)/\(vmName)") {
                isEmpty = false
                guard let vmi = UUID(name), !isKnown(vmi),
                    case .registration(let registration) = try files.content(vmName: vmName, vmi: vmi)
                else { continue }
                items.append(.vm(registration))
            }
            if isEmpty { items.append(.folder(vmName: vmName)) }
        }
        for name in try Files.list(configuration.portFolder) {
            guard let vmi = UUID(name), !isKnown(vmi), let file = try portFile(vmi),
                rule.isOurs(vmName: file.vmName), rule.isOurs(systemName: file.systemName)
            else { continue }
            items.append(.port(file))
        }
        return items
    }

    /// The agent's file of POST /port; nil for none, and for what is not a whole file of this format.
    func portFile(_ vmi: UUID) throws(SystemError) -> PortFile? {
        let path = "\(configuration.portFolder)/\(vmi.text)"
        guard let identity = FileIdentity(path), let bytes = try Files.read(path) else { return nil }
        do throws(JSONError) {
            return try PortFile(bytes, name: vmi, modified: identity.modified / 1_000_000_000)
        } catch {
            return nil
        }
    }

    /// Whether the container that an agent-format file names has a record or a plan; also where it can't be
    /// told.
    func isRecorded(_ file: PortRegistration) -> Bool {
        guard let container = ContainerID(file.containerID), let name = InterfaceName(file.containerInterface)
        else { return false }
        let key = InterfaceKey(containerID: container, interface: name)
        let store = configuration.store
        return FileIdentity(store.path(of: key, .record)) != nil
            || FileIdentity(store.path(of: key, .plan)) != nil
    }

    /// Looks through all records and plans for a VMI.
    ///
    /// - Returns: Whether there is one, and whether some file can't be read.
    func search(_ vmi: UUID) throws(SystemError) -> (isRecorded: Bool, isUncertain: Bool) {
        let store = configuration.store
        var isUncertain = false
        for folder in try Files.list(store.folder) {
            guard let container = ContainerID(folder) else { continue }
            for name in try store.interfaces(of: container) {
                let key = InterfaceKey(containerID: container, interface: name)
                for stage in [InterfaceStore.Stage.record, .plan] {
                    do throws(InterfaceStore.Failure) {
                        if try store.load(key, stage)?.port?.vmi == vmi { return (true, isUncertain) }
                    } catch {
                        isUncertain = true
                    }
                }
            }
        }
        return (false, isUncertain)
    }
}
