// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import JSON
import LinuxSystem

/// Copies what QEMU appends to a console's file into a log that kubelet reads.
///
/// QEMU never waits for us and loses nothing while we are gone: it writes to a file, itself or by libvirt's virtlogd, which begins
/// a new one from time to time (`ConsoleFiles`). What was copied is given back to the file system, so that the files take no
/// more room than what is still to be copied. How far it came is written down with the log's size: after a crash the log is
/// cut there, and no line is there twice.
final class ConsoleFollower {
    /// The most that is kept for a log that can't be written, or for our absence.
    private let mostBacklog: Int64
    /// The most that is copied at once, so that a guest that writes without end keeps no other from its turn.
    static let mostAtOnce = 1 << 20
    /// How long a line without an end waits for the rest of it.
    static let patience = 0.5

    private let files: ConsoleFiles
    private var console: ConsoleFiles.File
    private let stateFile: String
    private let logFile: LogPath
    private var log: LogFile?
    /// What was written down, until the log is opened.
    private var known: State?
    private var offset: Int64 = 0
    /// How much was copied by this follower.
    private(set) var copied: Int64 = 0
    private var punched: Int64 = 0
    private var lines = CRILogLines()
    private var lastByte = Date.distantPast
    /// How much was left out that the log does not tell yet.
    private var leftOut: Int64 = 0
    /// Whether virtlogd removed files before they were copied, which the log does not tell yet.
    private var lostFiles = false

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
        self.stateFile = stateFile
        self.logFile = logFile
        files = ConsoleFiles(path: console)
        let state = try State(stateFile)
        guard let begun = try state?.isOlder == true ? files.newest() : files.resumed(at: state?.file) else {
            throw SystemError("open", console, errno: ENOENT)
        }
        lostFiles = !begun.isGapless
        offset = begun.isGapless ? state?.offset ?? 0 : 0
        self.console = begun.file
        known = state
        if mustOpen { try openLog() }
    }

    /// Copies what is new.
    ///
    /// - Returns: Whether there may be more at once.
    func pump(isLast: Bool = false, now: Date = Date()) throws(SystemError) -> Bool {
        // Before the look at its size: what is renamed grows no more.
        let isReplaced = files.isReplaced(console.identity)
        var status = stat()
        guard fstat(console.descriptor.raw, &status) == 0 else {
            throw SystemError("examine the console of", logFile.text, errno: clinux_errno())
        }
        let size = Int64(status.st_size)
        if size < offset {
            // Somebody emptied it.
            try endLine(now)
            (offset, punched) = (0, 0)
        }
        let isBehind = size > offset ? try copy(upTo: size, now) : false
        guard !isBehind else { return true }
        if isReplaced, try goOn(now) { return true }
        if isLast || now.timeIntervalSince(lastByte) > Self.patience { try endLine(now) }
        return false
    }

    /// Copies a piece of what is between the offset and the console's size.
    ///
    /// - Returns: Whether there is more.
    private func copy(upTo size: Int64, _ now: Date) throws(SystemError) -> Bool {
        let before = lines
        var output: [UInt8] = []
        if size - offset > mostBacklog {
            leftOut += size - offset - mostBacklog
            offset = size - mostBacklog
            // Also where the log can't be written: the console must not fill the file system.
            giveBack()
        }
        for notice in notices() { output += lines.flush(at: now) + lines.take(Array(notice.utf8), at: now) }
        let count = Int(min(size - offset, Int64(Self.mostAtOnce)))
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(console.descriptor.raw, &bytes, count, off_t(offset))
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
        (leftOut, lostFiles) = (0, false)
        lastByte = now
        try save()
        giveBack()
        return size > offset
    }

    private func notices() -> [String] {
        (lostFiles ? ["[contrail-vm: a part of the console was left out: virtlogd removed it]\n"] : [])
            + (leftOut > 0 ? ["[contrail-vm: \(leftOut) bytes of the console were left out]\n"] : [])
    }

    /// Goes on with the file that came after this one, which has been copied whole.
    ///
    /// - Returns: Whether there is one.
    private func goOn(_ now: Date) throws(SystemError) -> Bool {
        guard let next = try files.next(after: console.identity) else { return false }
        // A line that goes on there becomes parts of one line.
        try endLine(now)
        _ = clinux_punch(console.descriptor.raw, offset)
        if !next.isGapless { lostFiles = true }
        console = next.file
        (offset, punched) = (0, 0)
        try save()
        return true
    }

    /// Writes what there is of a line that does not go on.
    private func endLine(_ now: Date) throws(SystemError) {
        guard !lines.pending.isEmpty else { return }
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

    /// Opens the log anew: kubelet renamed the file.
    func reopen() throws(SystemError) {
        try openLog()
        try save()
    }

    private func openLog() throws(SystemError) {
        log = try LogFile(opening: logFile)
        // What was written to it after its size was written down is not known of, and is written again.
        // The beginning of a line that is not in the log yet is read again.
        if let known, known.log.device == log?.device, known.log.inode == log?.inode,
            logSize() > known.logSize
        {
            cut(to: known.logSize)
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
        let state = State(
            offset: offset - Int64(lines.pending.count),
            file: console.identity,
            logSize: logSize(),
            log: (log?.device ?? 0, log?.inode ?? 0)
        )
        try Files.write(state.bytes, to: stateFile)
    }

    private func giveBack() {
        let whole = (offset - Int64(lines.pending.count)) & ~0xFFFFF
        guard whole > punched else { return }
        // Where the file system can't, the file only stays larger.
        _ = clinux_punch(console.descriptor.raw, whole)
        punched = whole
    }
}
