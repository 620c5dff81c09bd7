// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
public import NetworkTypes

/// A port that the agent must still remove: it could not be told when the container ended.
public struct OwedDeletion: Hashable, Sendable {
    /// The agent's table that the port is in.
    public let kind: Kind
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

    /// The agent's two tables.
    public enum Kind: String, Hashable, Sendable {
        /// `POST /vm`: DELETE takes all ports of the VM.
        case vm
        /// `POST /port`: DELETE takes this one.
        case port
    }

    /// The version of the JSON form; a file that has no number has this one.
    static let schema = 1

    /// A debt.
    public init(
        kind: Kind = .vm,
        vm: UUID,
        vmi: UUID,
        vmName: String,
        containerID: String,
        systemName: String
    ) {
        self.kind = kind
        self.vm = vm
        self.vmi = vmi
        self.vmName = vmName
        self.containerID = containerID
        self.systemName = systemName
    }

    var json: JSONValue {
        .object(
            JSONObject([
                ("schema", .integer(Self.schema)), ("kind", .string(kind.rawValue)), ("vm", .string(vm.text)),
                ("vmi", .string(vmi.text)),
                ("vmName", .string(vmName)),
                ("containerID", .string(containerID)), ("systemName", .string(systemName)),
            ])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        func uuid(_ key: String) throws(JSONError) -> UUID {
            guard let uuid = UUID(try fields.string(key)) else {
                throw fields.error(key, "is not a lower-case UUID")
            }
            return uuid
        }
        let schema = try fields.optionalInteger("schema", in: 1...Int.max) ?? Self.schema
        guard schema == Self.schema else {
            throw fields.error("schema", "\(schema) is not known here; this version reads \(Self.schema)")
        }
        guard let kind = Kind(rawValue: try fields.optionalString("kind") ?? "vm") else {
            throw fields.error("kind", "is neither \"vm\" nor \"port\"")
        }
        self.kind = kind
        vm = try uuid("vm")
        vmi = try uuid("vmi")
        vmName = try fields.string("vmName")
        guard isIdentifier(vmName), vmName.utf8.count <= 255 else {
            throw fields.error("vmName", "is not a VM's name")
        }
        containerID = try fields.string("containerID")
        guard ContainerID(containerID) != nil else {
            throw fields.error("containerID", "is not a container id")
        }
        systemName = try fields.string("systemName")
    }
}
