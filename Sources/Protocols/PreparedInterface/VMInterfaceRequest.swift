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
    /// The most queues that the VM will open.
    public let queues: Int
    /// The user that QEMU runs as.
    public let ownerUID: UInt32
    /// The runtime that asks.
    public let runtime: RuntimeName

    /// The request in `runtimeConfig.vmInterface`, else in the sandbox's file, which meta plugins can't
    /// drop; nil for an ordinary container.
    ///
    /// `runFolder`: where `sandboxes/<container id>.json` is, /run/contrail-vm by default.
    public static func find(
        _ request: CNIRequest,
        runFolder: String
    ) throws(CNIError) -> VMInterfaceRequest? {
        if let config = request.configuration.runtimeConfig {
            let fields = try configuring { () throws(JSONError) in try config.optionalFields("vmInterface") }
            if let fields {
                return try configuring { () throws(JSONError) in try VMInterfaceRequest(fields) }
            }
        }
        let path = "\(runFolder)/sandboxes/\(request.containerID.text).json"
        let bytes: [UInt8]?
        do throws(SystemError) { bytes = try Files.read(path) } catch { throw CNIError(.io, error.message) }
        guard let bytes else { return nil }
        do throws(JSONError) {
            guard let fields = try JSONFields(try JSONValue(parsing: bytes)).optionalFields("vmInterface")
            else {
                return nil
            }
            return try VMInterfaceRequest(fields)
        } catch {
            throw CNIError(.invalidConfiguration, "\(path): \(error.message)")
        }
    }

    private init(_ fields: JSONFields) throws(JSONError) {
        let kind = try fields.optionalString("kind") ?? "tap"
        guard kind == "tap" else { throw fields.error("kind", "\"\(kind)\" is not supported; \"tap\" is") }
        queues = try fields.optionalInteger("queues", in: 1...256) ?? 256
        ownerUID = UInt32(try fields.integer("ownerUID", in: 0...Int(UInt32.max) - 1))
        let name = try fields.optionalString("runtime") ?? "vm-runtime"
        guard let runtime = RuntimeName(name) else { throw fields.error("runtime", "\"\(name)\" is no name") }
        self.runtime = runtime
    }
}
