// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import CNIProtocol
import JSON
public import LinuxSystem
public import NetworkTypes

/// The records and plans on this node: `<folder>/<container id>/<interface>.json` and `.plan`.
///
/// Writes are atomic; nobody but root can read them. The caller holds the lock of the pod's VM name.
public struct InterfaceStore: Sendable {
    /// Where records are unless the configuration says otherwise.
    public static let defaultFolder = "/run/contrail-vm/interfaces"

    /// The folder of all containers.
    public let folder: String

    /// A store in a folder, which is made when something is saved.
    public init(folder: String = defaultFolder) { self.folder = folder }

    /// Why a record can't be had.
    public enum Failure: Error, Hashable, Sendable {
        /// The file can't be read or written.
        case system(SystemError)
        /// The file is not what we wrote: where it is, and what is wrong.
        case unreadable(path: String, reason: String)

        /// One line that names the file.
        public var message: String {
            switch self {
            case .system(let error): error.message
            case .unreadable(let path, let reason): "cannot use \(path): \(reason)"
            }
        }
    }

    /// Whether a file holds the finished record or the plan before it.
    public enum Stage: Sendable {
        /// What exists and is complete.
        case record
        /// What was going to be made.
        case plan
    }

    /// Where a record or plan is.
    public func path(of key: InterfaceKey, _ stage: Stage) -> String {
        let suffix = stage == .record ? "json" : "plan"
        return "\(folder(of: key.containerID))/\(key.interface.text).\(suffix)"
    }

    /// Saves the plan: before the first effect.
    public func save(plan: PreparedInterface) throws(SystemError) {
        try Files.write(plan.json.serialized(), to: path(of: plan.key, .plan))
    }

    /// Saves the record: last, when all it tells is true.
    ///
    /// The plan is removed.
    public func save(record: PreparedInterface) throws(SystemError) {
        try Files.write(record.json.serialized(), to: path(of: record.key, .record))
        try Files.remove(path(of: record.key, .plan))
    }

    /// Reads a record or plan; nil where there is none.
    public func load(_ key: InterfaceKey, _ stage: Stage) throws(Failure) -> PreparedInterface? {
        let path = path(of: key, stage)
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Files.read(path)
        } catch {
            // A file longer than any of ours: DEL must be able to go on without it.
            if error.errno == EFBIG { throw .unreadable(path: path, reason: error.message) }
            throw .system(error)
        }
        guard let bytes else { return nil }
        let value: PreparedInterface
        do throws(JSONError) {
            value = try PreparedInterface(json: JSONValue(parsing: bytes))
        } catch {
            throw .unreadable(path: path, reason: error.message)
        }
        guard value.key == key else { throw .unreadable(path: path, reason: "it is another interface's") }
        return value
    }

    /// Removes the plan of a chained plugin whose work is undone; the record of the plugin before stays.
    public func removePlan(_ key: InterfaceKey) throws(SystemError) { try remove(key, .plan) }

    /// Removes record and plan, and the container's folder when it was the last; they may be gone.
    public func remove(_ key: InterfaceKey) throws(SystemError) {
        try Files.remove(path(of: key, .plan))
        try Files.remove(path(of: key, .record))
        try removeRests(of: key)
    }

    /// Removes the container's folder, or where others' files are in it, what a killed writer left of this interface.
    private func removeRests(of key: InterfaceKey) throws(SystemError) {
        guard try !Files.removeFolderIfEmpty(folder(of: key.containerID)) else { return }
        try Files.removeTemporary(of: path(of: key, .plan))
        try Files.removeTemporary(of: path(of: key, .record))
    }

    /// Removes the record or the plan alone, and the container's folder when it was the last file; they may be gone.
    public func remove(_ key: InterfaceKey, _ stage: Stage) throws(SystemError) {
        try Files.remove(path(of: key, stage))
        try removeRests(of: key)
    }

    /// The interfaces of a container that have a record or a plan, by name.
    public func interfaces(of container: ContainerID) throws(SystemError) -> [InterfaceName] {
        var names: [InterfaceName] = []
        for file in try Files.list(folder(of: container)) {
            for suffix in [".json", ".plan"] where file.hasSuffix(suffix) {
                if let name = InterfaceName(String(file.dropLast(suffix.utf8.count))), !names.contains(name) {
                    names.append(name)
                }
            }
        }
        return names
    }

    /// The containers that have a folder, sorted.
    public func containers() throws(SystemError) -> [ContainerID] {
        try Files.list(folder).compactMap { ContainerID($0) }
    }

    private func folder(of container: ContainerID) -> String { "\(folder)/\(container.text)" }
}
