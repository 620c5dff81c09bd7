// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import CLinux
import ImageFormats
import JSON
import LinuxSystem
import Synchronization

/// An image on its way into the store, with the digest of what is there.
///
/// The file itself carries the lock: whoever works with it holds flock(2) on it until it is in its place or
/// gone, so that nobody sweeps it, and another process that wants the same waits. The kernel drops the lock
/// with the process.
final class PartialFile: Sendable {
    let path: String
    private let file: FileDescriptor
    private let content = Mutex(Content())
    private let reserve: UInt64
    private let mostBytes: UInt64
    private let bootID: String

    private struct Content: Sendable {
        var stream = DigestStream()
        var received: UInt64 = 0
        var validator: String?
        /// How much there was when the disk's space was looked at.
        var checkedAt: UInt64 = 0
    }

    /// The bytes that are there.
    var received: UInt64 { content.withLock { $0.received } }
    /// What the server called the content that is there; nil where it can't be continued.
    var validator: String? { content.withLock { $0.validator } }

    private static let operation = "store the image"

    /// Opens the partial file of a key and locks it; waits while another process has it.
    ///
    /// `reserve`: The bytes that must stay free on the file system.
    static func open(
        _ path: String,
        reserve: UInt64,
        mostBytes: UInt64,
        isStopped: () -> Bool,
        waiting: () -> Void
    ) throws(ImageError) -> PartialFile {
        do throws(SystemError) {
            var hasWaited = false
            while !isStopped() {
                let file = try FileDescriptor(opening: path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
                if flock(file.raw, LOCK_EX | LOCK_NB) == 0 {
                    // The holder before may have moved or removed it.
                    guard isSame(file.raw, path) else { continue }
                    return PartialFile(
                        path,
                        file,
                        reserve: reserve,
                        mostBytes: mostBytes,
                        bootID: try Host.bootID()
                    )
                }
                let failure = clinux_errno()
                guard failure == EWOULDBLOCK || failure == EINTR else {
                    throw SystemError("lock", path, errno: failure)
                }
                if !hasWaited { waiting() }
                hasWaited = true
                usleep(100_000)
            }
        } catch {
            throw ImageError(.system, operation, error.message)
        }
        throw ImageError(.cancelled, operation, "the pull was cancelled")
    }

    /// Whether a partial file can be removed: nobody holds it.
    ///
    /// Runs the body while it is locked, so that nobody begins with it meanwhile.
    static func ifFree(_ path: String, _ body: () throws(SystemError) -> Void) throws(SystemError) -> Bool {
        let opened = path.withCString { clinux_open($0, O_RDWR | O_NOFOLLOW, 0) }
        guard opened >= 0 else { return false }
        let file = FileDescriptor(owning: opened)
        guard flock(file.raw, LOCK_EX | LOCK_NB) == 0, isSame(file.raw, path) else { return false }
        try body()
        return true
    }

    private static func isSame(_ raw: Int32, _ path: String) -> Bool {
        var (ours, theirs) = (stat(), stat())
        guard fstat(raw, &ours) == 0, stat(path, &theirs) == 0 else { return false }
        return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev
    }

    private init(
        _ path: String,
        _ file: consuming FileDescriptor,
        reserve: UInt64,
        mostBytes: UInt64,
        bootID: String
    ) {
        self.path = path
        self.file = file
        self.reserve = reserve
        self.mostBytes = mostBytes
        self.bootID = bootID
    }

    // MARK: what a killed process left

    private var recordPath: String { "\(path).json" }

    /// Takes up what an earlier process left, where the server told how to ask for the rest.
    ///
    /// After a reboot nothing is taken up: what was written last may never have reached the disk.
    func takeUp() throws(ImageError) {
        do throws(SystemError) {
            var status = stat()
            guard fstat(file.raw, &status) == 0 else {
                throw SystemError("examine", path, errno: clinux_errno())
            }
            let known = status.st_size > 0 ? try readValidator() : nil
            guard let known else {
                try cut()
                return
            }
            try content.withLock { content throws(SystemError) in
                content = Content()
                try rehash(&content)
                content.validator = known
            }
        } catch {
            throw Self.failure(error)
        }
    }

    private func readValidator() throws(SystemError) -> String? {
        guard let bytes = try Files.read(recordPath), let value = try? JSONValue(parsing: bytes),
            let object = value.object, object["schema"]?.integer == 1, object["boot"]?.string == bootID
        else { return nil }
        return object["validator"]?.string.flatMap { Self.isPlain($0) ? $0 : nil }
    }

    private func rehash(_ content: inout Content) throws(SystemError) {
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let place = off_t(content.received)
            let count = chunk.withUnsafeMutableBytes { pread(file.raw, $0.baseAddress, $0.count, place) }
            if count < 0, clinux_errno() == EINTR { continue }
            guard count >= 0 else { throw SystemError("read", path, errno: clinux_errno()) }
            if count == 0 { break }
            chunk.withUnsafeBytes { content.stream.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            content.received += UInt64(count)
        }
    }

    private func cut() throws(SystemError) {
        guard ftruncate(file.raw, 0) == 0 else { throw SystemError("empty", path, errno: clinux_errno()) }
        content.withLock { $0 = Content() }
    }

    static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 1000 && text.utf8.allSatisfy { (32...126).contains($0) }
    }

    // MARK: writing

    /// Begins anew with content that the server calls so; `total`: how many bytes it has.
    func restart(validator: String?, total: UInt64?) throws(ImageError) {
        do throws(SystemError) {
            // In this order: a record without the bytes that it speaks of does no harm.
            try cut()
            try Files.remove(recordPath)
            if let validator {
                let record = JSONValue.object(
                    JSONObject([
                        ("schema", .integer(1)), ("boot", .string(bootID)), ("validator", .string(validator)),
                    ])
                )
                try Files.write(record.serialized(), to: recordPath)
            }
        } catch {
            throw Self.failure(error)
        }
        content.withLock { $0.validator = validator }
        try makeSure(of: total ?? 0)
    }

    /// Makes sure that there is space for more bytes, and for the reserve behind them.
    func makeSure(of more: UInt64) throws(ImageError) { try makeSure(of: more, behind: received) }

    private func makeSure(of more: UInt64, behind received: UInt64) throws(ImageError) {
        guard more <= mostBytes, received <= mostBytes - more else {
            throw ImageError(
                .refused,
                Self.operation,
                "it has more than the \(mostBytes) bytes that are allowed"
            )
        }
        let free = Self.freeBytes(file.raw)
        guard let free, free < reserve || free - reserve < more else { return }
        throw ImageError(
            .noSpace,
            Self.operation,
            "\(more) more bytes are needed, and \(reserve) must stay free, of \(free) that are free "
                + "on the file system of \(path)",
            advice: "Remove images or other files, or put the image folder on a larger file system."
        )
    }

    static func freeBytes(_ raw: Int32) -> UInt64? {
        var status = statvfs()
        guard fstatvfs(raw, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// Adds bytes at the end.
    func append(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        try content.withLock { content throws(ImageError) in
            let count = UInt64(bytes.count)
            if content.received - content.checkedAt >= 16 << 20 || content.received + count > mostBytes {
                content.checkedAt = content.received
                try makeSure(of: count, behind: content.received)
            }
            do throws(SystemError) {
                try write(bytes, &content)
            } catch {
                throw Self.failure(error)
            }
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ content: inout Content) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = pwrite(file.raw, rest.baseAddress, rest.count, off_t(content.received))
            if written < 0, clinux_errno() == EINTR { continue }
            guard written > 0 else { throw SystemError("write", path, errno: clinux_errno()) }
            content.stream.update(UnsafeRawBufferPointer(rebasing: rest.prefix(written)))
            content.received += UInt64(written)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    /// Makes the content durable, and readable for the programs that examine and use it.
    /// - Returns: Its digest; nothing may be appended any more.
    func finish() throws(ImageError) -> ImageDigest {
        do throws(SystemError) {
            guard fsync(file.raw) == 0 else { throw SystemError("synchronise", path, errno: clinux_errno()) }
            guard fchmod(file.raw, 0o644) == 0 else {
                throw SystemError("make readable", path, errno: clinux_errno())
            }
            try Files.remove(recordPath)
        } catch {
            throw Self.failure(error)
        }
        return content.withLock { $0.stream.finish() }
    }

    /// Moves it to its place; the folder must be synchronised by the caller.
    func move(to place: String) throws(SystemError) {
        guard rename(path, place) == 0 else {
            throw SystemError("rename \(path) to", place, errno: clinux_errno())
        }
    }

    /// Removes it, and what was noted of it.
    func remove() {
        // A rest is swept later.
        try? Files.remove(recordPath)
        try? Files.remove(path)
    }

    private static func failure(_ error: SystemError) -> ImageError {
        let isFull = error.errno == ENOSPC || error.errno == EDQUOT
        return ImageError(
            isFull ? .noSpace : .system,
            operation,
            error.message,
            advice: isFull ? "Remove images or other files, or use a larger file system." : nil
        )
    }
}
