// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import TestSupport
import Testing

/// The umask is a process's: tests of this tier run one after another.
@Suite(.serialized) struct ModesNamespaceTests {
    private let folder = TemporaryFolder()

    private func mode(_ name: String) -> UInt32 {
        var status = stat()
        #expect(lstat(folder.path(name), &status) == 0, "\(name)")
        return status.st_mode & 0o7777
    }

    @Test(arguments: [0o000, 0o022, 0o027, 0o077] as [UInt32])
    func `files and folders have the modes that are asked for under any umask`(mask: UInt32) throws {
        let old = umask(mode_t(mask))
        defer { umask(old) }
        try Files.makeFolder(folder.path("a/b"), mode: 0o711)
        try Files.write([1], to: folder.path("a/b/shared"), mode: 0o644)
        try Files.write([1], to: folder.path("a/b/own"))
        try Files.write([1], to: folder.path("private/own"))
        #expect(mode("a") == 0o711 && mode("a/b") == 0o711)
        #expect(mode("a/b/shared") == 0o644 && mode("a/b/own") == 0o600)
        #expect(mode("private") == 0o700 && mode("private/own") == 0o600)
    }
}
