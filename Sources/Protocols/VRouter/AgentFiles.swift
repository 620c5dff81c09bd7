// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

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

    /// Where a port's file is.
    ///
    /// `vmName`: checked: holds no `/` and is not a dot.
    public func path(vmName: String, vmi: UUID) -> String { "\(folder)/\(vmName)/\(vmi.text)" }

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

    /// The ports of a VM whose files name a container.
    public func ports(vmName: String, containerID: String) throws(SystemError) -> [(vm: UUID, vmi: UUID)] {
        var ports: [(vm: UUID, vmi: UUID)] = []
        for name in try Files.list("\(folder)/\(vmName)") {
            guard let vmi = UUID(name), let bytes = try Files.read(path(vmName: vmName, vmi: vmi)) else {
                continue
            }
            if let vm = Self.vm(bytes, containerID) { ports.append((vm, vmi)) }
        }
        return ports
    }

    /// Whom a port's file names.
    public enum Holder: Sendable {
        /// There is no file.
        case nobody
        /// The container that was asked about.
        case container
        /// Another container, or it is not a whole file of this format.
        case another
    }

    /// Whether a port's file names a container.
    public func holder(vmName: String, vmi: UUID, of containerID: String) throws(SystemError) -> Holder {
        guard let bytes = try Files.read(path(vmName: vmName, vmi: vmi)) else { return .nobody }
        return Self.vm(bytes, containerID) == nil ? .another : .container
    }

    /// The VM in a file that names a container; nil for another's, and for what is not a whole file of this format: that
    /// is not ours to judge.
    private static func vm(_ bytes: [UInt8], _ containerID: String) -> UUID? {
        do throws(JSONError) {
            let fields = try JSONFields(try JSONValue(parsing: bytes))
            return try fields.string("vm-id") == containerID ? try fields.agentUUID("vm-uuid") : nil
        } catch {
            return nil
        }
    }
}
