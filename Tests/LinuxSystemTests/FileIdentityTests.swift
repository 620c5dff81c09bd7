// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import TestSupport
import Testing

@Suite struct FileIdentityTests {
    private let folder = TemporaryFolder()

    @Test func `a file is the same until it is replaced`() throws {
        let path = folder.path("x")
        #expect(FileIdentity(path) == nil)
        try Files.write([1], to: path)
        let first = try #require(FileIdentity(path))
        #expect(FileIdentity(path) == first)
        #expect(abs(first.modified / 1_000_000_000 - Int64(time(nil))) < 60)
        try Files.write([1], to: path)
        #expect(FileIdentity(path) != first)
    }

    @Test func `only regular files have one, and only folders are folders`() throws {
        #expect(FileIdentity(folder.path) == nil)
        #expect(FileIdentity("/dev/null") == nil)
        #expect(Files.isFolder(folder.path))
        #expect(!Files.isFolder("/dev/null") && !Files.isFolder(folder.path("none")))
    }
}
