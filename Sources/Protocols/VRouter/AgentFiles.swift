// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON
public import LinuxSystem
public import NetworkTypes

/// The files from which the agent registers ports again when it restarts: `<folder>/<VM name>/<VMI>`.
///
/// The agent writes and keeps them, too, but never removes them: we do.
public struct AgentFiles: Sendable {
    /// The agent's folder, `/var/lib/contrail/ports/vm` by default.
    public let folder: String

    /// The files in a folder.
    public init(folder: String) { self.folder = folder }

    /// The files among which is that of a port; nil for a path of another form.
    public init?(of path: String, vmName: String, vmi: UUID) {
        self.init(folder: Files.folder(of: Files.folder(of: path)))
        guard path == self.path(vmName: vmName, vmi: vmi) else { return nil }
    }

    /// The files beside which is that of a port of `POST /port`; nil for a path of another form.
    public init?(ofPort path: String, vmi: UUID) {
        self.init(folder: "\(Files.folder(of: path))/vm")
        guard path == self.path(port: vmi) else { return nil }
    }

    /// Where a port's file is.
    ///
    /// `vmName`: checked: holds no `/` and is not a dot.
    public func path(vmName: String, vmi: UUID) -> String { "\(folder)/\(vmName)/\(vmi.text)" }

    /// Where the agent keeps the file of a port of `POST /port`: beside the folder of the other table's.
    public func path(port vmi: UUID) -> String { "\(Files.folder(of: folder))/\(vmi.text)" }

    /// Removes the agent's file of a port of `POST /port`, if it is of this device.
    ///
    /// For when the agent is down: it would load the file at its start.
    public func remove(port vmi: UUID, systemName: String) throws(SystemError) {
        guard try isHeld(port: vmi, systemName: systemName) else { return }
        try Files.remove(path(port: vmi))
    }

    /// Whether the agent's file of a port of `POST /port` names a device; false where there is none.
    public func isHeld(port vmi: UUID, systemName: String) throws(SystemError) -> Bool {
        guard let bytes = try Files.read(path(port: vmi)) else { return false }
        do throws(JSONError) {
            return try JSONFields(try JSONValue(parsing: bytes)).string("system-name") == systemName
        } catch {
            return false
        }
    }

    /// The content of a VM's files that name a container, but one interface's: its siblings.
    public func siblings(of vmi: UUID, vmName: String, containerID: String) throws(SystemError) -> [[UInt8]] {
        var files: [[UInt8]] = []
        for name in try Files.list("\(folder)/\(vmName)") {
            guard let other = UUID(name), other != vmi,
                let bytes = try bytes(vmName: vmName, vmi: other),
                Self.port(bytes, other, containerID) != nil
            else { continue }
            files.append(bytes)
        }
        return files
    }

    /// Writes a port's file, replacing one of an older sandbox: the agent would not.
    public func save(_ registration: PortRegistration) throws(SystemError) {
        try Files.write(
            registration.json.serialized(),
            to: path(vmName: registration.vmName, vmi: registration.vmi),
            mode: 0o644
        )
    }

    /// Removes a port's file, and the VM's folder with its last one; they may be gone.
    public func remove(vmName: String, vmi: UUID) throws(SystemError) {
        try Files.remove(path(vmName: vmName, vmi: vmi))
        try removeFolderIfEmpty(vmName: vmName)
    }

    /// Removes a VM's folder where at most a killed writer's temporary file is in it.
    public func removeFolderIfEmpty(vmName: String) throws(SystemError) {
        try Files.removeFolderIfEmpty("\(folder)/\(vmName)")
    }

    /// A port as its file tells.
    public struct Port: Hashable, Sendable {
        /// The virtual machine.
        public let vm: UUID
        /// The virtual machine interface.
        public let vmi: UUID
        /// The device on the node.
        public let hostInterface: String
        /// The interface's name in the container.
        public let containerInterface: String
    }

    /// The ports of a VM whose files name a container.
    public func ports(vmName: String, containerID: String) throws(SystemError) -> [Port] {
        var ports: [Port] = []
        for name in try Files.list("\(folder)/\(vmName)") {
            guard let vmi = UUID(name), let bytes = try bytes(vmName: vmName, vmi: vmi),
                let port = Self.port(bytes, vmi, containerID)
            else { continue }
            ports.append(port)
        }
        return ports
    }

    /// Whether the files of a VM's other interfaces name another container: a newer sandbox of the pod.
    public func nameOthers(vmName: String, containerID: String, but vmi: UUID) throws(SystemError) -> Bool {
        for name in try Files.list("\(folder)/\(vmName)") {
            guard let other = UUID(name), other != vmi, let bytes = try bytes(vmName: vmName, vmi: other)
            else {
                continue
            }
            if let port = Self.port(bytes, other), port.containerID != containerID { return true }
        }
        return false
    }

    /// What a port's file tells.
    public enum Content: Hashable, Sendable {
        /// There is no file.
        case absent
        /// It is not a whole file of this format.
        case spoiled
        /// The registration that the agent makes of it.
        case registration(PortRegistration)
    }

    /// What a port's file tells.
    public func content(vmName: String, vmi: UUID) throws(SystemError) -> Content {
        guard let bytes = try bytes(vmName: vmName, vmi: vmi) else { return .absent }
        do throws(JSONError) {
            let registration = try PortRegistration(JSONFields(try JSONValue(parsing: bytes)))
            // The agent goes by what is inside.
            let isInPlace = registration.vmi == vmi && registration.vmName == vmName
            return isInPlace ? .registration(registration) : .spoiled
        } catch {
            return .spoiled
        }
    }

    /// Removes the files of a VM that are no whole port's, and its folder where nothing else is in it.
    ///
    /// The agent can't use them, and nobody else removes them.
    public func removeUnreadable(vmName: String) throws(SystemError) {
        for name in try Files.list("\(folder)/\(vmName)") {
            guard let vmi = UUID(name), let bytes = try bytes(vmName: vmName, vmi: vmi),
                Self.port(bytes, vmi) == nil
            else { continue }
            try Files.remove(path(vmName: vmName, vmi: vmi))
        }
        try removeFolderIfEmpty(vmName: vmName)
    }

    /// Whom a port's file names.
    public enum Holder: Sendable {
        /// There is no file.
        case nobody
        /// The container that was asked about.
        case container
        /// Another container.
        case another
        /// It is not a whole file of this format.
        case unreadable
    }

    /// Whether a port's file names a container.
    public func holder(vmName: String, vmi: UUID, of containerID: String) throws(SystemError) -> Holder {
        guard let bytes = try bytes(vmName: vmName, vmi: vmi) else { return .nobody }
        guard let named = Self.port(bytes, vmi) else { return .unreadable }
        return named.containerID == containerID ? .container : .another
    }

    /// A port's file; empty where it is longer than any of this format.
    private func bytes(vmName: String, vmi: UUID) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try Files.read(path(vmName: vmName, vmi: vmi))
        } catch {
            guard error.errno == EFBIG else { throw error }
            return []
        }
    }

    /// A file that names a container; nil for another's, and for what is not a whole file of this format.
    static func port(_ bytes: [UInt8], _ vmi: UUID, _ containerID: String) -> Port? {
        guard let named = port(bytes, vmi), named.containerID == containerID else { return nil }
        return named.port
    }

    /// What a file tells; nil for what is not a whole file of this format.
    private static func port(_ bytes: [UInt8], _ vmi: UUID) -> (port: Port, containerID: String)? {
        do throws(JSONError) {
            let fields = try JSONFields(try JSONValue(parsing: bytes))
            let port = Port(
                vm: try fields.agentUUID("vm-uuid"),
                vmi: vmi,
                hostInterface: try fields.optionalString("host-ifname") ?? "",
                containerInterface: try fields.optionalString("vm-ifname") ?? ""
            )
            return (port, try fields.string("vm-id"))
        } catch {
            return nil
        }
    }
}
