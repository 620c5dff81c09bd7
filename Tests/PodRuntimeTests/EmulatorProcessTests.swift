// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pods
import TestSupport
import Testing

@testable import PodRuntime

/// What a pid file says is believed only of the process that libvirt can have started.
@Suite struct EmulatorProcessTests {
    /// A folder like /proc, a pid file, and two programs.
    private final class Lab {
        let folder = TemporaryFolder()
        var file: String { "\(folder.path)/vm.pid" }
        var program: String { "\(folder.path)/qemu" }
        var processes: String { "\(folder.path)/proc" }

        init() throws {
            for name in ["qemu", "other"] {
                try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
            }
            try process(4711)
            try process(4712, users: "66001\t66001\t66001\t66001", beginning: 900)
            try process(1, users: "0\t0\t0\t0", beginning: 1, program: "other")
            try say("4711\n")
        }

        func say(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: file)) }

        func process(
            _ identifier: Int,
            users: String = "66000\t66000\t66000\t66000",
            beginning: Int = 1000,
            program: String = "qemu"
        ) throws {
            let place = "\(processes)/\(identifier)"
            try? FileManager.default.removeItem(atPath: place)
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            // A name may hold what separates fields.
            let fields = (3...21).map { "\($0)" }.joined(separator: " ")
            for (name, text) in [
                ("status", "Name:\tqemu\nUid:\t\(users)\nGid:\t0\t0\t0\t0\n"),
                ("stat", "\(identifier) (q) S 1 (x) \(fields) \(beginning) 23 24\n"),
            ] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)")) }
            try FileManager.default.createSymbolicLink(
                atPath: "\(place)/exe",
                withDestinationPath: "\(folder.path)/\(program)"
            )
        }

        func found() throws -> EmulatorProcess {
            try EmulatorProcess(
                file: file,
                EmulatorProcess.Expectation(user: 66_000, program: program, askedAt: 950),
                processes: processes
            )
        }

        func refusal() -> String {
            do {
                return "\(try found())"
            } catch let error as PodServiceError { return error.message } catch { return "\(error)" }
        }
    }

    @Test("the process that was started is found, and when it began")
    func right() throws {
        let lab = try Lab()
        let process = try lab.found()
        #expect(process.identifier == 4711 && process.beginning == 1000)
        try lab.say("4711")
        #expect(try lab.found() == process)
    }

    @Test(
        "another VM's process, another program's, an older one and one that is gone are refused",
        arguments: [
            ("4712\n", "66001"), ("1\n", "no process id"), ("4999\n", "it has ended"),
            ("0\n", "no process id"),
            ("-1\n", "no process id"), ("4711 4712\n", "no process id"), ("4711\n\n", "no process id"),
            ("", "no process id"), ("99999999999999\n", "no process id"), ("\u{661}\n", "no process id"),
            (String(repeating: "4", count: 65), "File too large"),
        ]
    )
    func wrong(_ text: String, _ words: String) throws {
        let lab = try Lab()
        try lab.say(text)
        #expect(lab.refusal().contains(words), "\(lab.refusal())")
    }

    @Test(
        "one of its ids that differs, another program, an earlier start and a second process of its user are refused"
    )
    func almost() throws {
        let lab = try Lab()
        for users in ["0\t66000\t66000\t66000", "66000\t66000\t0\t66000", "66000\t66000\t66000\t66001"] {
            try lab.process(4711, users: users)
            #expect(lab.refusal().contains("its user ids are"), "\(lab.refusal())")
        }
        try lab.process(4711, program: "other")
        #expect(lab.refusal().contains("it does not run"), "\(lab.refusal())")
        try lab.process(4711, beginning: 949)
        #expect(lab.refusal().contains("older than the VM"), "\(lab.refusal())")
        try lab.process(4711)
        try lab.process(4800, users: "66001\t66000\t66001\t66001", program: "other")
        #expect(lab.refusal().contains("4800 has the user 66000, too"), "\(lab.refusal())")
    }

    @Test("a pid file that is a link, a pipe or not there is refused at once")
    func file() throws {
        let lab = try Lab()
        unlink(lab.file)
        #expect(lab.refusal().contains("libvirt-pid-dir"), "\(lab.refusal())")
        symlink("\(lab.processes)/1/stat", lab.file)
        #expect(lab.refusal().contains("libvirt-pid-dir"), "\(lab.refusal())")
        unlink(lab.file)
        mkfifo(lab.file, 0o600)
        #expect(lab.refusal().contains("no process id"), "\(lab.refusal())")
    }

    @Test("numbers are put together as few ranges")
    func ranges() {
        #expect(PodRuntime.ranges([]) == [])
        #expect(PodRuntime.ranges([64_100, 64_101, 64_101, 64_103]) == [64_100...64_101, 64_103...64_103])
    }
}
