// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import PreparedInterface

/// A tap for a guest with the host's address on it, in this namespace or one of its own; gone with this value.
public final class TestNetwork: Sendable {
    /// The tap's name.
    public let tap: String
    /// Where the tap is.
    public let namespace: NamespaceReference
    private let name: String?

    /// Makes a multi-queue tap with the address 10.47.0.1/24.
    public init(inNamespace: Bool) throws {
        let id = String(UUID().uuidString.prefix(6).lowercased())
        tap = "cvm\(id)"
        var prefix: [String] = []
        if inNamespace {
            let name = "cvm-\(id)"
            try Programs.succeed("/usr/sbin/ip", ["netns", "add", name])
            let attributes = try FileManager.default.attributesOfItem(atPath: "/run/netns/\(name)")
            let device = attributes[.systemNumber] as? UInt64 ?? 0
            let inode = attributes[.systemFileNumber] as? UInt64 ?? 0
            namespace = .pod(path: "/run/netns/\(name)", device: device, inode: inode)
            prefix = ["-n", name]
            self.name = name
        } else {
            namespace = .host
            name = nil
        }
        for command in [
            "tuntap add dev \(tap) mode tap multi_queue vnet_hdr user 66000", "link set \(tap) mtu 1450 up",
            "addr add 10.47.0.1/24 dev \(tap)",
        ] {
            try Programs.succeed("/usr/sbin/ip", prefix + command.split(separator: " ").map(String.init))
        }
    }

    deinit {
        let arguments = name.map { ["netns", "delete", $0] } ?? ["link", "delete", tap]
        do {
            try Programs.succeed("/usr/sbin/ip", arguments)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
        }
    }

    /// Runs a program where the tap is.
    public func run(_ path: String, _ arguments: String..., seconds: Double = 30) throws -> Programs.Run {
        guard let name else { return try Programs.run(path, arguments, seconds: seconds) }
        return try Programs.run("/usr/sbin/ip", ["netns", "exec", name, path] + arguments, seconds: seconds)
    }
}
