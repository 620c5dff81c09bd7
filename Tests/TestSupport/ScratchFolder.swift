// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder of a test's own, which everybody may pass; removed at the end of its life.
public final class ScratchFolder: Sendable {
    /// Its path.
    public let path: String

    /// Makes a folder below /var/tmp: short enough for sockets, and no tmpfs.
    public init() throws {
        path = "/var/tmp/cvm-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755]
        )
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            FileHandle.standardError.write(Data("cannot remove \(path): \(error)\n".utf8))
        }
    }

    /// Writes a file and returns its path.
    public func file(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
        let file = "\(path)/\(name)"
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// Writes a program in sh and returns its path.
    public func program(_ name: String, _ script: String) throws -> String {
        try file(name, "#!/bin/sh\n\(script)\n", mode: 0o755)
    }
}
