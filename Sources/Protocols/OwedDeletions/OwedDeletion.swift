// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
public import NetworkTypes

/// A port that the agent must still remove: it could not be told when the container ended.
public struct OwedDeletion: Hashable, Sendable {
    /// The virtual machine.
    public let vm: UUID
    /// The virtual machine interface.
    public let vmi: UUID
    /// The name under which the agent knows the pod: also names the lock.
    public let vmName: String
    /// The container that is gone.
    ///
    /// Another container's port is never removed for it.
    public let containerID: String
    /// The device that was registered.
    public let systemName: String

    /// A debt.
    public init(vm: UUID, vmi: UUID, vmName: String, containerID: String, systemName: String) {
        self.vm = vm
        self.vmi = vmi
        self.vmName = vmName
        self.containerID = containerID
        self.systemName = systemName
    }

    var json: JSONValue {
        .object(
            JSONObject([
                ("vm", .string(vm.text)), ("vmi", .string(vmi.text)), ("vmName", .string(vmName)),
                ("containerID", .string(containerID)), ("systemName", .string(systemName)),
            ])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        func uuid(_ key: String) throws(JSONError) -> UUID {
            guard let uuid = UUID(try fields.string(key)) else {
                throw fields.error(key, "is no lower-case UUID")
            }
            return uuid
        }
        vm = try uuid("vm")
        vmi = try uuid("vmi")
        vmName = try fields.string("vmName")
        guard isIdentifier(vmName) else { throw fields.error("vmName", "is no VM's name") }
        containerID = try fields.string("containerID")
        systemName = try fields.string("systemName")
    }
}
