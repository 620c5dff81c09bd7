// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct ConsoleLogsTests {
    private let folder = TemporaryFolder()
    private let logs = ConsoleLogs { _ in }

    private func source(_ name: String, mustOpen: Bool = true) throws -> ConsoleLog.Source {
        folder.write("", to: "\(name).console")
        return ConsoleLog.Source(
            console: folder.path("\(name).console"),
            stateFile: folder.path("\(name).json"),
            logFile: try #require(try LogPath(folder: folder.path("logs"), name: "\(name).log")),
            mustOpen: mustOpen
        )
    }

    private func say(_ text: String, on name: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: folder.path("\(name).console")))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    @Test func `a console that is finished is copied to its end, for each that waits`() async throws {
        try await logs.follow("a", try source("a"))
        try say((0..<200).map { "line \($0)\n" }.joined() + "half", on: "a")
        async let first: Void = logs.finish("a")
        async let second: Void = logs.finish("a")
        _ = await (first, second)
        let text = folder.read("logs/a.log") ?? ""
        #expect(text.split(separator: "\n").count == 201 && text.hasSuffix(" stdout P half\n"))
        // What is not followed is finished.
        await logs.finish("a")
        #expect(try await logs.reopen("a") == false)
    }

    @Test func `a log is opened anew while its console goes on`() async throws {
        try await logs.follow("a", try source("a"))
        try say("one\n", on: "a")
        while folder.read("logs/a.log")?.contains("one") != true {
            try await Task.sleep(for: .milliseconds(10))
        }
        try FileManager.default.moveItem(
            atPath: folder.path("logs/a.log"),
            toPath: folder.path("logs/a.log.1")
        )
        #expect(try await logs.reopen("a"))
        try say("two\n", on: "a")
        await logs.finish("a")
        #expect(folder.read("logs/a.log")?.hasSuffix(" stdout F two\n") == true)
    }

    @Test func `one log that can't be opened is told to its own caller and stops no other`() async throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("logs"),
            withIntermediateDirectories: true
        )
        try #require(mkfifo(folder.path("logs/a.log"), 0o600) == 0)
        try await logs.follow("b", try source("b"))
        let error = await #expect(throws: SystemError.self) { try await logs.follow("a", try source("a")) }
        #expect(error?.message.contains("a named pipe") == true)
        // At a restart it is followed all the same, and copied as soon as the pipe is gone.
        try await logs.follow("a", try source("a", mustOpen: false))
        try say("a\n", on: "a")
        try say("b\n", on: "b")
        await logs.finish("b")
        #expect(folder.read("logs/b.log")?.hasSuffix(" stdout F b\n") == true)
        unlink(folder.path("logs/a.log"))
        await logs.finish("a")
        #expect(folder.read("logs/a.log")?.hasSuffix(" stdout F a\n") == true)
    }

    @Test func `what is let go can be followed again, from where it was`() async throws {
        try await logs.follow("a", try source("a"))
        try say("one\n", on: "a")
        while folder.read("logs/a.log")?.contains("one") != true {
            try await Task.sleep(for: .milliseconds(10))
        }
        logs.end()
        // What its thread still does ends with this.
        try await Task.sleep(for: .milliseconds(300))
        try say("two\n", on: "a")
        let again = ConsoleLogs { _ in }
        let known = ConsoleLog.Source(
            console: folder.path("a.console"),
            stateFile: folder.path("a.json"),
            logFile: try #require(try LogPath(folder: folder.path("logs"), name: "a.log")),
            mustOpen: true
        )
        try await again.follow("a", known)
        await again.finish("a")
        let lines = (folder.read("logs/a.log") ?? "").split(separator: "\n").map {
            $0.split(separator: " ").last
        }
        #expect(lines == ["one", "two"])
    }
}
