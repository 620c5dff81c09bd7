// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
import JSON
import LinuxSystem

/// What a VM runtime asks a plugin for: the capability `vmInterface` of CNI's `runtimeConfig`.
///
/// ```json
/// {"kind": "tap", "queues": 4, "ownerUID": 64200, "runtime": "vm-runtime"}
/// ```
public struct VMInterfaceRequest: Sendable {
    /// The kind of device that the runtime can use; nil: any.
    public let kind: Kind?
    /// The most queues that the VM will open.
    public let queues: Int
    /// The user that QEMU runs as.
    public let ownerUID: UInt32
    /// The runtime that asks.
    public let runtime: RuntimeName

    /// A kind of device for a VM.
    public enum Kind: String, Sendable {
        /// A tap.
        case tap
        /// A vhost-user socket.
        case vhostUser
    }

    /// Refuses a kind of device that the runtime did not ask for.
    ///
    /// `reason`: why there is only this kind.
    public func require(_ only: Kind, _ reason: String) throws(CNIError) {
        guard let kind, kind != only else { return }
        throw CNIError(
            .invalidConfiguration,
            "the runtime asks for a VM interface of kind \"\(kind.rawValue)\", but here there is only \"\(only.rawValue)\": \(reason)"
        )
    }

    /// The request in `runtimeConfig.vmInterface`, else in the sandbox's file, which meta plugins can't
    /// drop; nil for an ordinary container.
    ///
    /// `runFolder`: where the sandbox's file is.
    public static func find(
        _ request: CNIRequest,
        runFolder: RunFolder
    ) throws(CNIError) -> VMInterfaceRequest? {
        if let config = request.configuration.runtimeConfig {
            let fields = try configuring { () throws(JSONError) in try config.optionalFields("vmInterface") }
            if let fields {
                try fields.requireOnly(keys)
                return try configuring { () throws(JSONError) in try VMInterfaceRequest(fields) }
            }
        }
        let path = runFolder.sandbox(request.containerID)
        let bytes: [UInt8]?
        do throws(SystemError) { bytes = try Files.read(path) } catch { throw CNIError(.io, error.message) }
        guard let bytes else { return nil }
        do throws(JSONError) {
            let file = try JSONFields(try JSONValue(parsing: bytes), matching: .asGo)
            let schema = try file.optionalInteger("schema", in: 1...Int.max) ?? fileSchema
            guard schema == fileSchema else {
                throw file.error("schema", "\(schema) is not known here; this version reads \(fileSchema)")
            }
            guard let fields = try file.optionalFields("vmInterface") else { return nil }
            if let member = fields.firstMember(besides: keys) {
                throw fields.error(member.key, "is not known here; known are \(keys.joined(separator: ", "))")
            }
            return try VMInterfaceRequest(fields)
        } catch {
            throw CNIError(.invalidConfiguration, "\(path): \(error.message)")
        }
    }

    /// The request's fields.
    private static let keys = ["kind", "queues", "ownerUID", "runtime"]

    /// The version of the sandbox's file; one that has no number has this one.
    public static let fileSchema = 1

    /// The runtime that asks where it gives no name.
    private static let standardRuntime = RuntimeName("vm-runtime")

    /// The runtime whose garbage is to be collected: `runtimeConfig.vmInterface.runtime`; nil where a runtime
    /// of containers asks, which gives no name.
    public static func owner(
        ofGarbageIn configuration: CNIConfiguration
    ) throws(CNIError) -> RuntimeName? {
        guard let config = configuration.runtimeConfig else { return nil }
        return try configuring { () throws(JSONError) in
            guard let fields = try config.optionalFields("vmInterface") else { return nil }
            return try fields.value("runtime") == nil ? standardRuntime : fields.runtimeName("runtime")
        }
    }

    private init(_ fields: JSONFields) throws(JSONError) {
        let word = try fields.optionalString("kind") ?? "any"
        kind = Kind(rawValue: word)
        guard kind != nil || word == "any" else {
            throw fields.error("kind", "\"\(word)\" is not supported; \"tap\", \"vhostUser\" and \"any\" are")
        }
        queues = try fields.optionalInteger("queues", in: 1...256) ?? 256
        ownerUID = UInt32(try fields.integer("ownerUID", in: 0...Int(UInt32.max) - 1))
        guard let standard = Self.standardRuntime else { throw fields.error("runtime", "is missing") }
        runtime = try fields.value("runtime") == nil ? standard : fields.runtimeName("runtime")
    }
}
