// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import JSON
import LinuxSystem

/// Copies what QEMU appends to a console's file into a log that kubelet reads.
///
/// QEMU never waits for us and loses nothing while we are gone: it writes to a file. What was copied is given back to the
/// file system, so that the file takes no more room than what is still to be copied. How far it came is written down
/// with the log's size: after a crash the log is cut there, and no line is there twice.
final class ConsoleFollower {
    /// The most that is kept for a log that can't be written, or for our absence.
    private let mostBacklog: Int64
    /// The most that is copied at once, so that a guest that writes without end keeps no other from its turn.
    static let mostAtOnce = 1 << 20
    /// How long a line without an end waits for the rest of it.
    static let patience = 0.5

    private let console: FileDescriptor
    private let stateFile: String
    private let logFile: LogPath
    private var log: LogFile?
    /// The log and its size as they were written down, until it is opened.
    private var known: (device: String, inode: String, size: Int64)?
    private var offset: Int64 = 0
    /// How much was copied by this follower.
    private(set) var copied: Int64 = 0
    private var punched: Int64 = 0
    private var lines = CRILogLines()
    private var lastByte = Date.distantPast
    /// How much was left out that the log does not tell yet.
    private var leftOut: Int64 = 0

    /// Follows a console's file from where an earlier follower came to.
    ///
    /// `stateFile`: where that is written down. `mustOpen`: whether a log that can't be opened is an error; else that is
    /// tried again whenever there is something to write.
    init(
        console: String,
        stateFile: String,
        logFile: LogPath,
        mustOpen: Bool = true,
        mostBacklog: Int64 = 64 << 20
    ) throws(SystemError) {
        self.mostBacklog = mostBacklog
        self.console = try FileDescriptor(opening: console, O_RDWR)
        self.stateFile = stateFile
        self.logFile = logFile
        try resume()
        if mustOpen { try openLog() }
    }

    /// Copies what is new.
    ///
    /// - Returns: Whether there may be more at once.
    func pump(isLast: Bool = false, now: Date = Date()) throws(SystemError) -> Bool {
        var status = stat()
        guard fstat(console.raw, &status) == 0 else {
            throw SystemError("examine the console of", logFile.text, errno: clinux_errno())
        }
        let size = Int64(status.st_size)
        var output: [UInt8] = []
        var isBehind = false
        if size > offset {
            let before = lines
            if size - offset > mostBacklog {
                leftOut += size - offset - mostBacklog
                offset = size - mostBacklog
                // Also where the log can't be written: the console must not fill the file system.
                giveBack()
            }
            if leftOut > 0 {
                output += lines.flush(at: now)
                output += lines.take(
                    Array("[contrail-vm: \(leftOut) bytes of the console were left out]\n".utf8),
                    at: now
                )
            }
            let count = Int(min(size - offset, Int64(Self.mostAtOnce)))
            var bytes = [UInt8](repeating: 0, count: count)
            let got = pread(console.raw, &bytes, count, off_t(offset))
            guard got >= 0 else {
                lines = before
                throw SystemError("read the console of", logFile.text, errno: clinux_errno())
            }
            output += lines.take(bytes[..<got], at: now)
            do throws(SystemError) {
                try append(output)
            } catch {
                lines = before
                throw error
            }
            offset += Int64(got)
            copied += Int64(got)
            leftOut = 0
            lastByte = now
            isBehind = size > offset
            try save()
            giveBack()
        }
        if !isBehind, isLast || now.timeIntervalSince(lastByte) > Self.patience, !lines.pending.isEmpty {
            let before = lines
            let rest = lines.flush(at: now)
            do throws(SystemError) {
                try append(rest)
            } catch {
                lines = before
                throw error
            }
            try save()
        }
        return isBehind
    }

    /// Opens the log anew: kubelet renamed the file.
    func reopen() throws(SystemError) {
        try openLog()
        try save()
    }

    private func openLog() throws(SystemError) {
        log = try LogFile(opening: logFile)
        // What was written to it after its size was written down is not known of, and is written again.
        if let known, known.device == log?.device.description, known.inode == log?.inode.description,
            logSize() > known.size
        {
            cut(to: known.size)
        }
        known = nil
    }

    private func append(_ bytes: [UInt8]) throws(SystemError) {
        if log == nil { try openLog() }
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                write(log?.raw ?? -1, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if written < 0, clinux_errno() == EINTR { continue }
            guard written > 0 else {
                let failure = clinux_errno()
                // All or nothing: a part would be written once more later.
                if done > 0 { cut(to: logSize() - Int64(done)) }
                throw SystemError("write the log", logFile.text, errno: failure)
            }
            done += written
        }
    }

    private func logSize() -> Int64 {
        var status = stat()
        return fstat(log?.raw ?? -1, &status) == 0 ? Int64(status.st_size) : 0
    }

    private func cut(to size: Int64) { _ = ftruncate(log?.raw ?? -1, off_t(max(0, size))) }

    // MARK: - How far it came

    private func save() throws(SystemError) {
        let state = JSONValue.object(
            JSONObject([
                ("offset", .integer(Int(offset) - lines.pending.count)),
                ("logSize", .integer(Int(logSize()))),
                ("logDevice", .string(String(log?.device ?? 0))),
                ("logInode", .string(String(log?.inode ?? 0))),
            ])
        )
        try Files.write(state.serialized(), to: stateFile)
    }

    /// The beginning of a line that is not in the log yet is read again.
    private func resume() throws(SystemError) {
        guard let bytes = try Files.read(stateFile),
            let value = try? JSONValue(parsing: bytes), let fields = try? JSONFields(value),
            let place = try? fields.integer("offset", in: 0...Int.max)
        else { return }
        offset = Int64(place)
        guard let size = try? fields.integer("logSize", in: 0...Int.max),
            let device = try? fields.string("logDevice"), let inode = try? fields.string("logInode")
        else { return }
        known = (device, inode, Int64(size))
    }

    private func giveBack() {
        let whole = (offset - Int64(lines.pending.count)) & ~0xFFFFF
        guard whole > punched else { return }
        // Where the file system can't, the file only stays larger.
        _ = clinux_punch(console.raw, whole)
        punched = whole
    }
}
