// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct ConsoleFollowerTests {
    private let folder = TemporaryFolder()
    private let time = Date(timeIntervalSince1970: 1_700_000_000.25)

    private var console: String { folder.path("console.log") }

    init() { folder.write("", to: "console.log") }

    private func follower(mustOpen: Bool = true) throws -> ConsoleFollower {
        try ConsoleFollower(
            console: console,
            stateFile: folder.path("state.json"),
            logFile: try #require(try LogPath(folder: folder.path("logs"), name: "0.log")),
            mustOpen: mustOpen,
            mostBacklog: 2 << 20
        )
    }

    @Test func `how far an earlier build came is read`() throws {
        try say("told\nnew\n")
        folder.write(try Golden().kept("console-without-schema.json"), to: "state.json")
        _ = try follower().pump(now: time)
        #expect(lines().count == 1 && lines()[0].hasSuffix("new"))
        #expect(folder.read("state.json")?.contains(#""schema":2"#) == true)
    }

    @Test func `how far a follower came is written by schema 2`() throws {
        let text = try Golden().kept("console-schema-2.json")
        folder.write(text, to: "state.json")
        let state = try #require(try ConsoleFollower.State(folder.path("state.json")))
        #expect(state.offset == 5 && state.file?.inode == 9)
        #expect(String(decoding: state.bytes, as: UTF8.self) == text)
    }

    private func say(_ bytes: [UInt8]) throws {
        let file = try #require(FileHandle(forWritingAtPath: console))
        try file.seekToEnd()
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    private func say(_ text: String) throws { try say(Array(text.utf8)) }

    /// The log's lines without their times.
    private func lines(_ name: String = "logs/0.log") -> [String] {
        let data = FileManager.default.contents(atPath: folder.path(name)) ?? Data()
        return data.split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.drop { $0 != UInt8(ascii: " ") }.dropFirst(), as: UTF8.self)
        }
    }

    private func drain(_ follower: ConsoleFollower, isLast: Bool = false) throws {
        while try follower.pump(isLast: isLast, now: time) { continue }
    }

    @Test func `lines become lines, and times are RFC 3339 with nanoseconds`() throws {
        let follower = try follower()
        try say("first\r\nsecond\n\r\nlogin: ")
        try drain(follower)
        #expect(lines() == ["stdout F first", "stdout F second", "stdout F "])
        let text = folder.read("logs/0.log") ?? ""
        #expect(text.hasPrefix("2023-11-14T22:13:20.250000000Z stdout F first\n"))
    }

    @Test func `a line without an end is a part after a while, or at the end`() throws {
        let follower = try follower()
        try say("login: ")
        _ = try follower.pump(now: time)
        #expect(lines() == [])
        _ = try follower.pump(now: time.addingTimeInterval(1))
        #expect(lines() == ["stdout P login: "])
        try say("root\nbye")
        try drain(follower, isLast: true)
        #expect(lines() == ["stdout P login: ", "stdout F root", "stdout P bye"])
    }

    @Test func `long lines are cut, no byte is changed`() throws {
        let follower = try follower()
        let line = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }.map { $0 == 10 ? 11 : $0 }
        try say(line + [10])
        try drain(follower)
        let data = try #require(FileManager.default.contents(atPath: folder.path("logs/0.log")))
        let parts = data.split(separator: 10).map { Array($0.drop { $0 != 32 }.dropFirst()) }
        #expect(parts.count == 3)
        let heads = parts.map { String(decoding: $0.prefix(9), as: UTF8.self) }
        #expect(heads == ["stdout P ", "stdout P ", "stdout F "])
        #expect(parts.flatMap { $0.dropFirst(9) } == line)
    }

    @Test func `after a crash at any moment no line is lost and none is there twice`() throws {
        var expected: [String] = []
        for round in 0..<12 {
            let follower = try follower()
            try say("round \(round) first\nround \(round) half")
            expected += ["stdout F round \(round) first"]
            try drain(follower)
            // What was written to the log after the state was saved is not known of: it is cut.
            if round % 3 == 0 {
                let log = try #require(FileHandle(forWritingAtPath: folder.path("logs/0.log")))
                try log.seekToEnd()
                try log.write(contentsOf: Data("2023 stdout F not known of\n".utf8))
                try log.close()
            }
            try say(" done\n")
            expected += ["stdout F round \(round) half done"]
            if round % 2 == 0 { try drain(follower) }
        }
        try drain(try follower())
        #expect(lines().filter { !$0.contains("not known of") } == expected)
    }

    @Test func `a renamed log goes on in a new file`() throws {
        let follower = try follower()
        try say("one\n")
        try drain(follower)
        try FileManager.default.moveItem(
            atPath: folder.path("logs/0.log"),
            toPath: folder.path("logs/0.log.1")
        )
        try say("two\n")
        try drain(follower)
        try follower.reopen()
        try say("three\n")
        try drain(follower)
        #expect(lines("logs/0.log.1") == ["stdout F one", "stdout F two"])
        #expect(lines() == ["stdout F three"])
        // After a start it goes on, too.
        try say("four\n")
        try drain(try self.follower())
        #expect(lines() == ["stdout F three", "stdout F four"])
    }

    @Test func `what was copied takes no room, and too much for our absence is left out aloud`() throws {
        let follower = try follower()
        let line = Array(String(repeating: "x", count: 1023).utf8) + [10]
        for _ in 0..<8 {
            try say(Array(repeatElement(line, count: 1024).joined()))
            try drain(follower)
        }
        var status = stat()
        try #require(stat(console, &status) == 0)
        #expect(status.st_size == 8 << 20)
        #expect(Int(status.st_blocks) * 512 < 2 << 20)
        #expect(lines().count == 8 * 1024)
        truncate(console, off_t((10 << 20) + 1000))
        try drain(follower, isLast: true)
        #expect(lines().contains("stdout F [contrail-vm: 1000 bytes of the console were left out]"))
    }

    @Test func `a console whose log can't be written does not fill the file system`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("logs/0.log"),
            withIntermediateDirectories: true
        )
        let follower = try self.follower(mustOpen: false)
        try say("begun")
        let line = Array(String(repeating: "x", count: 1023).utf8) + [10]
        for _ in 0..<8 {
            try say(Array(repeatElement(line, count: 1024).joined()))
            #expect(throws: SystemError.self) { try drain(follower) }
        }
        var status = stat()
        try #require(stat(console, &status) == 0)
        #expect(status.st_size == 5 + (8 << 20) && Int(status.st_blocks) * 512 < 4 << 20)
        rmdir(folder.path("logs/0.log"))
        try drain(follower)
        #expect(
            lines().first == "stdout F [contrail-vm: \(5 + (6 << 20)) bytes of the console were left out]"
        )
        #expect(lines().count == 1 + 2 * 1024)
        #expect(lines().filter { $0.contains("left out") }.count == 1)
    }

    @Test func `a log that can't be opened is tried again, with nothing lost and nothing told twice`() throws
    {
        do {
            let follower = try follower()
            try say("one\n")
            try drain(follower)
            // What is written behind the last state is not known of.
            let log = try #require(FileHandle(forWritingAtPath: folder.path("logs/0.log")))
            try log.seekToEnd()
            try log.write(contentsOf: Data("2023 stdout F two\n".utf8))
            try log.close()
            try say("two\n")
        }
        try FileManager.default.moveItem(atPath: folder.path("logs"), toPath: folder.path("away"))
        symlink(folder.path("away"), folder.path("logs"))
        #expect(throws: SystemError.self) { try self.follower() }
        let follower = try self.follower(mustOpen: false)
        #expect(throws: SystemError.self) { try drain(follower) }
        unlink(folder.path("logs"))
        try FileManager.default.moveItem(atPath: folder.path("away"), toPath: folder.path("logs"))
        try drain(follower)
        #expect(lines() == ["stdout F one", "stdout F two"])
    }

    @Test func `a log that can't be opened anew goes on where it was`() throws {
        let follower = try follower()
        try say("one\n")
        try drain(follower)
        try FileManager.default.moveItem(
            atPath: folder.path("logs/0.log"),
            toPath: folder.path("logs/0.log.1")
        )
        symlink(folder.path("elsewhere"), folder.path("logs/0.log"))
        #expect(throws: SystemError.self) { try follower.reopen() }
        try say("two\n")
        try drain(follower)
        #expect(lines("logs/0.log.1") == ["stdout F one", "stdout F two"])
        #expect(folder.read("elsewhere") == nil)
    }

    // MARK: - virtlogd's new files

    /// What virtlogd does at its limit: the oldest goes, each other one gets the next number, and the console is a new file.
    private func rotate(keeping most: Int = 3) throws {
        for number in (0..<most).reversed() {
            rename("\(console).\(number)", "\(console).\(number + 1)")
        }
        rename(console, "\(console).0")
        unlink("\(console).\(most)")
        folder.write("", to: "console.log")
    }

    @Test func `a console that begins a new file goes on, with nothing lost`() throws {
        let follower = try follower()
        var expected: [String] = []
        for round in 0..<10 {
            try say("round \(round) first\n")
            if round % 2 == 0 { try drain(follower) }
            try say("round \(round) second\n")
            expected += ["stdout F round \(round) first", "stdout F round \(round) second"]
            try rotate()
        }
        try say("the end\n")
        try drain(follower, isLast: true)
        #expect(lines() == expected + ["stdout F the end"])
    }

    @Test func `several new files since the last look are read in their order`() throws {
        let follower = try follower()
        try say("0\n")
        try drain(follower)
        for round in 1...3 {
            try rotate()
            try say("\(round)\n")
        }
        try drain(follower)
        #expect(lines() == (0...3).map { "stdout F \($0)" })
    }

    @Test func `a line that goes on in a new file is parts of one line`() throws {
        let follower = try follower()
        try say("one, ")
        try drain(follower)
        try rotate()
        try say("two\n")
        try drain(follower)
        #expect(lines() == ["stdout P one, ", "stdout F two"])
    }

    @Test(arguments: 0...5)
    func `new files that came while nobody followed are read, as far as they are there`(missed: Int) throws {
        var first: ConsoleFollower? = try follower()
        try say("before\nhalf")
        try drain(try #require(first))
        first = nil
        try say(" a line\n")
        for round in 0..<missed {
            try rotate()
            try say("missed \(round)\n")
        }
        try drain(try follower())
        var expected = ["stdout F before"]
        if missed <= 3 { expected += ["stdout F half a line"] }
        // virtlogd keeps three; the console itself is one more.
        if missed > 3 {
            expected += ["stdout F [contrail-vm: a part of the console was left out: virtlogd removed it]"]
        }
        expected += (max(0, missed - 4)..<missed).map { "stdout F missed \($0)" }
        #expect(lines() == expected)
    }

    @Test func `new files that came while the follower was stuck and are gone are told`() throws {
        let follower = try follower()
        try say("0\n")
        try drain(follower)
        for round in 1...6 {
            try rotate()
            try say("\(round)\n")
        }
        try drain(follower)
        let notice = "stdout F [contrail-vm: a part of the console was left out: virtlogd removed it]"
        #expect(lines() == ["stdout F 0", notice] + (3...6).map { "stdout F \($0)" })
    }

    @Test func `after a crash between two files no line is lost and none is there twice`() throws {
        var expected: [String] = []
        for round in 0..<12 {
            let follower = try follower()
            try say("round \(round) a\nround \(round) b")
            if round % 2 == 0 { try drain(follower) }
            try rotate()
            try say("\nround \(round) c\n")
            if round % 3 == 0 { try drain(follower) }
            expected += ["a", "b", "c"].map { "round \(round) \($0)" }
        }
        try drain(try follower())
        // A part and its end are one line.
        let text = lines().map { $0.hasPrefix("stdout P ") ? $0.dropFirst(9) : $0.dropFirst(9) + "\n" }
            .joined()
        #expect(text.split(separator: "\n").map(String.init) == expected)
    }

    @Test func `another file with the number of one that is gone is not taken for it`() throws {
        var first: ConsoleFollower? = try follower()
        try say("one line that was copied\n")
        try drain(try #require(first))
        first = nil
        // The same number may come at once; the time it was made tells them apart.
        unlink(console)
        // The kernel's clock for files ticks every few milliseconds.
        usleep(20_000)
        folder.write("another file, longer than that was\n", to: "console.log")
        try drain(try follower())
        #expect(lines().last == "stdout F another file, longer than that was")
    }

    @Test func `a console that was emptied is read from its beginning`() throws {
        let follower = try follower()
        try say("a long line before\n")
        try drain(follower)
        truncate(console, 0)
        try say("after\n")
        try drain(follower)
        #expect(lines() == ["stdout F a long line before", "stdout F after"])
    }

    @Test func `a state of the first schema goes on in the console's own file`() throws {
        try say("one\ntwo\n")
        folder.write("2023-11-14T22:13:20.250000000Z stdout F one\n", to: "logs/0.log")
        var status = stat()
        try #require(stat(folder.path("logs/0.log"), &status) == 0)
        folder.write(
            "{\"offset\":4,\"logSize\":\(status.st_size),\"logDevice\":\"\(status.st_dev)\",\"logInode\":\"\(status.st_ino)\"}",
            to: "state.json"
        )
        try drain(try follower())
        #expect(lines() == ["stdout F one", "stdout F two"])
    }
}
