// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import TestSupport
import Testing

@Suite struct FilesTests {
    private let folder = TemporaryFolder()

    /// The permission bits of what a path names.
    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        #expect(lstat(path, &status) == 0, "\(path)")
        return status.st_mode & 0o7777
    }

    private var temporary: String { ".state.json.new" }

    @Test(arguments: [false, true])
    func `a written file is whole, and its temporary is gone`(isDurable: Bool) throws {
        let path = folder.path("a/b/state.json")
        try Files.write(Array("old and longer".utf8), to: path, isDurable: isDurable)
        try Files.write(Array("new".utf8), to: path, isDurable: isDurable)
        #expect(folder.read("a/b/state.json") == "new")
        #expect(folder.list("a/b") == ["state.json"])
        #expect(try Files.read(path) == Array("new".utf8))
    }

    @Test func `files are for root only, and so are the folders that are made for them`() throws {
        try Files.write([1], to: folder.path("a/b/state.json"))
        #expect(mode(folder.path("a/b/state.json")) == 0o600)
        #expect(mode(folder.path("a/b")) == 0o700)
        #expect(mode(folder.path("a")) == 0o700)
        try Files.write([1], to: folder.path("a/b/state.json"), mode: 0o640)
        #expect(mode(folder.path("a/b/state.json")) == 0o640)
    }

    @Test func `a folder that is there keeps its mode`() throws {
        mkdir(folder.path("a"), 0o755)
        try Files.write([1], to: folder.path("a/state.json"))
        #expect(mode(folder.path("a")) == 0o755)
    }

    @Test func `a reader sees the old or the new file, never half of one`() throws {
        let path = folder.path("state.json")
        let old = [UInt8](repeating: 1, count: 100_000)
        let new = [UInt8](repeating: 2, count: 100_000)
        try Files.write(old, to: path)
        let writer = PlainThread {
            for _ in 0..<50 {
                try? Files.write(new, to: path)
                try? Files.write(old, to: path)
            }
        }
        defer { writer.join() }
        for _ in 0..<50 {
            let read = try Files.read(path)
            #expect(read == old || read == new)
        }
    }

    @Test func `nothing is left where the file cannot be put in place`() throws {
        mkdir(folder.path("state.json"), 0o700)
        #expect {
            try Files.write([1], to: folder.path("state.json"))
        } throws: { error in
            let error = error as? SystemError
            return error?.errno == EISDIR && error?.subject == folder.path("state.json")
        }
        #expect(folder.list() == ["state.json"])
    }

    @Test func `a file in the place of a folder is an error, and is left alone`() throws {
        folder.write("x", to: "a")
        #expect { try Files.write([1], to: folder.path("a/b/state.json")) } throws: {
            ($0 as? SystemError)?.errno == ENOTDIR
        }
        #expect(folder.read("a") == "x")
    }

    @Test func `a symbolic link in the place of the temporary is not followed`() throws {
        folder.write("victim", to: "victim")
        #expect(symlink(folder.path("victim"), folder.path(temporary)) == 0)
        #expect { try Files.write([1], to: folder.path("state.json")) } throws: {
            ($0 as? SystemError)?.errno == ELOOP
        }
        #expect(folder.read("victim") == "victim")
        #expect(folder.list() == ["victim"])
    }

    @Test func `a symbolic link in the place of the file is replaced`() throws {
        folder.write("victim", to: "victim")
        #expect(symlink(folder.path("victim"), folder.path("state.json")) == 0)
        try Files.write([0x31], to: folder.path("state.json"))
        #expect(folder.read("victim") == "victim")
        #expect(folder.read("state.json") == "1")
        #expect(folder.list() == ["state.json", "victim"])
    }

    @Test func `what a killed run left of a temporary is overwritten`() throws {
        folder.write("rest of a longer text", to: temporary)
        try Files.write([0x31], to: folder.path("state.json"))
        #expect(folder.read("state.json") == "1")
        #expect(folder.list() == ["state.json"])
    }

    @Test func `no file is nil, whatever of its path is missing`() throws {
        folder.write("x", to: "file")
        #expect(try Files.read(folder.path("none")) == nil)
        #expect(try Files.read(folder.path("none/none")) == nil)
        #expect(try Files.read(folder.path("file/none")) == nil)
    }

    @Test func `a file over the limit is an error`() throws {
        folder.write(String(repeating: "x", count: 10_000), to: "file")
        #expect(try Files.read(folder.path("file"), limit: 10_000)?.count == 10_000)
        #expect(throws: SystemError("read", folder.path("file"), errno: EFBIG)) {
            try Files.read(folder.path("file"), limit: 9999)
        }
        #expect(throws: SystemError("read", folder.path(""), errno: EISDIR)) {
            try Files.read(folder.path(""))
        }
    }

    @Test func `removing is done twice without an error`() throws {
        folder.write("x", to: "a/file")
        try Files.remove(folder.path("a/file"))
        try Files.remove(folder.path("a/file"))
        try Files.remove(folder.path("none/file"))
        #expect { try Files.remove(folder.path("a")) } throws: { ($0 as? SystemError)?.operation == "remove" }
        try Files.removeFolderIfEmpty(folder.path("a"))
        try Files.removeFolderIfEmpty(folder.path("a"))
        #expect(folder.list() == [])
    }

    @Test func `a folder with something in it stays`() throws {
        folder.write("x", to: "a/file")
        #expect(try !Files.removeFolderIfEmpty(folder.path("a")))
        try Files.removeFolderIfEmpty(folder.path("a/file"))
        #expect(folder.read("a/file") == "x")
    }

    @Test func `a list is sorted, without what begins with a dot`() throws {
        for name in ["b", "a", ".hidden", "c/d"] { folder.write("x", to: name) }
        #expect(try Files.list(folder.path) == ["a", "b", "c"])
        #expect(try Files.list(folder.path("none")) == [])
        #expect(try Files.list(folder.path("a")) == [])
    }

    @Test func `an error tells what was tried, on what, and why it failed`() {
        #expect(
            SystemError("write", "/run/x", errno: ENOSPC).message
                == "cannot write /run/x: No space left on device"
        )
    }
}
