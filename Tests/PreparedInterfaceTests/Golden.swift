// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import PreparedInterface
import TestSupport
import Testing

/// The records in `Golden/`, one of every kind of interface.
///
/// A record that an older version wrote must stay readable: a file in there is never changed, only added.
enum Golden: String, CaseIterable {
    case veth
    case directTap = "direct-tap"
    case redirect
    case dualStack = "dual-stack"
    case v6Only = "v6-only"
    case noPort = "no-port"
    case vhostUser = "vhost-user"
    case limited
    case vlan
    case macvlan

    /// Records of schema 1 say less; they are written as schema 2.
    var isOfSchema1: Bool { ![.vhostUser, .limited, .vlan, .macvlan].contains(self) }

    /// The file's text, with its final newline.
    func text() throws -> String {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        return try #require(TestFile.read("/\(folder)/Golden/\(rawValue).json"))
    }

    func json() throws -> JSONValue { try JSONValue(parsing: Array(text().utf8)) }

    func interface() throws -> PreparedInterface { try PreparedInterface(json: json()) }
}
