// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import LinuxSystem
import PluginFloor
import PreparedInterface

/// The device-info file of the Device Information Specification 1.1.0, by which other components learn of a
/// vhost-user socket.
enum DeviceInfo {
    /// Whether somebody has written the file already; a plugin may only read it then.
    static func isPresent(_ path: String?) throws(CNIError) -> Bool {
        guard let path else { return false }
        return try files { () throws(SystemError) in try Files.read(path) } != nil
    }

    /// Writes the file of a vhost-user interface; where it is there already, it must tell the same.
    ///
    /// Taps and veths have no type in the specification: nothing is written for them.
    static func save(_ interface: PreparedInterface, _ path: String?) throws(CNIError) {
        guard let path, case .vhostUser(let socket) = interface.attachment else { return }
        let found = try files { () throws(SystemError) in try Files.read(path) }
        if let found {
            do throws(JSONError) {
                let fields = try JSONFields(try JSONValue(parsing: found))
                let inner = try fields.fields("vhost-user")
                if try fields.string("type") == "vhost-user", try inner.string("path") == socket.path {
                    return
                }
            } catch {
                throw CNIError(.invalidConfiguration, "device-info file \(path): \(error.message)")
            }
            throw CNIError(
                .invalidConfiguration,
                "device-info file \(path) describes another device than the socket \(socket.path)"
            )
        }
        try files { () throws(SystemError) in
            try Files.write(json(socket).serialized(), to: path, mode: 0o644)
        }
    }

    /// `mode` is told from the container's side: it serves the socket where the guest listens.
    static func json(_ socket: Attachment.VhostUser) -> JSONValue {
        .object(
            JSONObject([
                ("type", .string("vhost-user")), ("version", .string("1.1.0")),
                (
                    "vhost-user",
                    .object(
                        JSONObject([
                            ("mode", .string(socket.listener == .guest ? "server" : "client")),
                            ("path", .string(socket.path)),
                        ])
                    )
                ),
            ])
        )
    }
}
