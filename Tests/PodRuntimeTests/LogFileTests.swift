// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
import Pods
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct LogFileTests {
    private let folder = TemporaryFolder()

    /// Opens the log of a pod in the folder `pods`, and writes a line to it.
    private func write(_ text: String = "line\n") throws {
        let path = try #require(try LogPath(folder: folder.path("pods/pod"), name: "vm/0.log"))
        let log = try LogFile(opening: path)
        #expect(Foundation.write(log.raw, text, text.utf8.count) == text.utf8.count)
    }

    private func mode(_ name: String) throws -> UInt32 {
        var status = stat()
        try #require(lstat(folder.path(name), &status) == 0)
        return status.st_mode & 0o7777
    }

    private func make(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path(name),
            withIntermediateDirectories: true
        )
    }

    @Test func `a log and its folders are made, and what is there is appended to`() throws {
        try write("one\n")
        try write("two\n")
        #expect(folder.read("pods/pod/vm/0.log") == "one\ntwo\n")
        #expect(try mode("pods/pod") == 0o755)
        #expect(try mode("pods/pod/vm") == 0o755)
        #expect(try mode("pods/pod/vm/0.log") == 0o640)
    }

    @Test func `above the pod's folder the node's own links are followed`() throws {
        try make("disk")
        symlink(folder.path("disk"), folder.path("pods"))
        try write()
        #expect(folder.read("disk/pod/vm/0.log") == "line\n")
    }

    @Test(
        arguments: [
            "pods/pod/vm/0.log", "pods/pod/vm", "pods/pod",
        ]
    )
    func `no link is followed from the pod's folder on`(link: String) throws {
        // What a follower of the link would find: the victim.
        try make("victim/vm")
        folder.write("precious\n", to: "victim/0.log")
        folder.write("precious\n", to: "victim/vm/0.log")
        try make(String(link[..<(link.lastIndex(of: "/") ?? link.startIndex)]))
        let target = link.hasSuffix(".log") ? "victim/0.log" : "victim"
        for text in [folder.path(target), "/nowhere"] {
            symlink(text, folder.path(link))
            let error = #expect(throws: SystemError.self) { try write() }
            #expect(error?.message.contains("a symbolic link") == true, "\(error?.message ?? "")")
            unlink(folder.path(link))
        }
        #expect(folder.read("victim/0.log") == "precious\n")
        #expect(folder.read("victim/vm/0.log") == "precious\n")
        try write()
    }

    /// Puts something where a log belongs.
    private func plant(_ kind: String, at path: String) throws {
        switch kind {
        case "a named pipe": try #require(mkfifo(path, 0o600) == 0)
        case "a folder": try #require(mkdir(path, 0o700) == 0)
        case "a socket":
            let socket = clinux_listen_unix(path, 1)
            try #require(socket >= 0)
            close(socket)
        case "a device": try #require(mknod(path, S_IFCHR | 0o600, 1 << 8 | 3) == 0)
        default:
            folder.write("precious\n", to: "victim")
            try #require(link(folder.path("victim"), path) == 0)
        }
    }

    @Test(arguments: ["a named pipe", "a folder", "a socket", "2 names"])
    func `nothing but a regular file of one name is opened, and nothing is waited for`(kind: String) throws {
        try make("pods/pod/vm")
        try plant(kind, at: folder.path("pods/pod/vm/0.log"))
        let begin = ContinuousClock.now
        let error = #expect(throws: SystemError.self) { try write() }
        #expect(error?.message.contains(kind) == true, "\(error?.message ?? "")")
        #expect(ContinuousClock.now - begin < .seconds(1))
        #expect(folder.read("victim") ?? "precious\n" == "precious\n")
    }

    @Test(.enabled(if: getuid() == 0, "only root makes devices")) func `a device is not opened`() throws {
        try make("pods/pod/vm")
        try plant("a device", at: folder.path("pods/pod/vm/0.log"))
        let error = #expect(throws: SystemError.self) { try write() }
        #expect(error?.message.contains("a device") == true, "\(error?.message ?? "")")
    }

    @Test func `a pipe that stands where a folder belongs is not waited for`() throws {
        try make("pods/pod")
        try plant("a named pipe", at: folder.path("pods/pod/vm"))
        let error = #expect(throws: SystemError.self) { try write() }
        #expect(error?.message.contains("a named pipe") == true, "\(error?.message ?? "")")
    }

    @Test func `paths as kubelet and critest name them are taken`() throws {
        for (folder, name) in [
            ("/var/log/pods/default_vm_0b5c1a52-3a90", "vm/0.log"), ("/tmp/PodLogs-8/", "Vm-1.log"),
            ("/var//log", "a/b/c..log"),
        ] {
            #expect(try LogPath(folder: folder, name: name) != nil)
        }
        #expect(try LogPath(folder: "", name: "vm/0.log") == nil)
        #expect(try LogPath(folder: "/var/log/pods/a", name: "") == nil)
        let path = try #require(try LogPath(folder: "/var//log/pods/a/", name: "vm/0.log"))
        #expect(path.text == "/var/log/pods/a/vm/0.log")
    }

    @Test(
        arguments: [
            ("logs", "0.log"), ("/", "0.log"), ("/a/../etc", "0.log"), ("/a/./b", "0.log"), ("/a\n", "0.log"),
            ("/a", "/0.log"), ("/a", "../0.log"), ("/a", "b/../../c"), ("/a", "b//c"), ("/a", "b/"),
            ("/a", "./b"),
            ("/a", "b\u{0}"), ("/a", String(repeating: "b", count: 256)),
            ("/a", Array(repeating: "bb", count: 2000).joined(separator: "/")),
        ]
    )
    func `paths that lead elsewhere are refused`(folder: String, name: String) {
        let error = #expect(throws: PodServiceError.self) { try LogPath(folder: folder, name: name) }
        #expect(error?.kind == .invalidArgument && error?.message.contains("log_") == true)
    }
}
