// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A node under QEMU (TCG) with Debian's kernel, for what this machine's kernel lacks; scripts run in it as root.
///
/// It has no disk and no network card: what it works with is in a RAM disk. It ends itself a minute after the
/// last script.
public final class GuestNode: Sendable {
    /// What a node could not do.
    public struct Failure: Error, CustomStringConvertible {
        /// What, with the end of the console.
        public let description: String
    }

    private let console: Mutex<Console>
    /// The seconds from the start of QEMU until it took scripts.
    public let bootSeconds: Double

    /// Boots a node.
    ///
    /// `programs`: paths on this machine by their paths in the node; the libraries that they need come too.
    public init(programs: [String: String]) throws {
        let folder = TemporaryFolder()
        let base = try Self.base()
        let initrd = "\(folder.path)/initrd"
        try Self.pack(programs, behind: "\(base)/initrd", to: initrd, in: folder)
        let start = Date()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "timeout", "-k", "5", "600", "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-machine",
            "q35",
            "-m", "512", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial",
            "stdio",
            "-kernel", "\(base)/vmlinuz", "-initrd", initrd, "-append",
            "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off norandmaps tsc=reliable no_timer_check "
                + "cryptomgr.notests",
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        var console = Console(process: process, input: input, output: output)
        _ = try console.wait(for: "@@READY", seconds: 120)
        bootSeconds = Date().timeIntervalSince(start)
        self.console = Mutex(console)
    }

    /// Runs a script of sh to its end: exit status, and output with errors.
    public func run(_ script: String, seconds: Double = 60) throws -> TestProgram.Outcome {
        let start = Date()
        let text = try console.withLock { console throws -> String in
            let lines = Data(script.utf8).base64EncodedString(options: .lineLength76Characters)
            console.send(lines.replacing("\r", with: "") + "\n.\n")
            return try console.wait(for: "@@END", seconds: seconds)
        }
        guard let begin = text.range(of: "@@BEGIN"), let end = text.range(of: "@@END "),
            let status = Int32(text[end.upperBound...].trimmingCharacters(in: .whitespacesAndNewlines)),
            let data = Data(
                base64Encoded: text[begin.upperBound..<end.lowerBound].filter { !$0.isWhitespace }
            )
        else { throw Failure(description: "the node's answer is garbled: \(text)") }
        return TestProgram.Outcome(
            status: status,
            output: String(decoding: data, as: UTF8.self),
            errors: "",
            seconds: Date().timeIntervalSince(start)
        )
    }

    /// Runs a script that must succeed.
    ///
    /// - Returns: Its output.
    @discardableResult
    public func succeed(_ script: String, seconds: Double = 60) throws -> String {
        let outcome = try run(script, seconds: seconds)
        guard outcome.status == 0 else {
            throw Failure(description: "exit status \(outcome.status): \(outcome.output)")
        }
        return outcome.output
    }

    private struct Console {
        let process: Process
        let input: Pipe
        let output: Pipe
        var received: [UInt8] = []

        func send(_ text: String) { input.fileHandleForWriting.write(Data(text.utf8)) }

        /// What came until the end of the line that a mark begins.
        mutating func wait(for mark: String, seconds: Double) throws -> String {
            let end = Date().addingTimeInterval(seconds)
            let file = output.fileHandleForReading.fileDescriptor
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while Date() < end {
                let text = String(decoding: received, as: UTF8.self)
                if let range = text.range(of: mark), text[range.upperBound...].contains(where: \.isNewline) {
                    received = []
                    return text
                }
                var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 200) > 0 else { continue }
                let count = read(file, &buffer, buffer.count)
                guard count > 0 else { break }
                received += buffer[..<count]
            }
            let text = String(decoding: received.suffix(2000), as: UTF8.self)
            throw Failure(description: "\(mark) did not come from the node in \(seconds) s: \(text)")
        }
    }

    /// The folder with kernel and RAM disk, made where there is none.
    private static func base() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let made = try TestProgram.run(["\(root)/tools/guest/build-node"], seconds: 300)
        guard made.status == 0 else { throw Failure(description: "build-node: \(made.errors)") }
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Puts programs and their libraries behind a RAM disk: the kernel unpacks one archive after another.
    private static func pack(
        _ programs: [String: String],
        behind base: String,
        to path: String,
        in folder: TemporaryFolder
    ) throws {
        let root = "\(folder.path)/root"
        for (inside, here) in programs {
            let script = """
                mkdir -p "$1$(dirname "$2")" && cp -L "$3" "$1$2" || exit 1
                ldd "$3" 2> /dev/null | sed -n 's/.*=> \\(\\/[^ ]*\\) .*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*\\) .*/\\1/p' |
                    while read -r library; do mkdir -p "$1${library%/*}" && cp -L "$library" "$1$library"; done
                """
            try TestProgram.succeed("sh", "-c", script, "sh", root, inside, here)
        }
        let join = #"{ cat "$1" && cd "$2" && find . | cpio --quiet -o -H newc -R 0:0; } > "$3""#
        try TestProgram.succeed("sh", "-c", join, "sh", base, root, path)
    }
}
