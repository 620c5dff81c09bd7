// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// An owned file descriptor, closed at the end of its life.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number.
    public let raw: Int32

    /// Takes over an open descriptor.
    public init(owning raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Opens a path, always with O_CLOEXEC.
    public init(opening path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(SystemError) {
        raw = try check(path.withCString { clinux_open($0, flags, mode) }, "open", path)
    }

    /// Opens a regular file to append to, which is made where there is none.
    ///
    /// Links are not followed, nor is a second name of another file taken, and it never waits: a FIFO without a
    /// reader is an error.
    ///
    /// - Throws: ELOOP for a link, EINVAL for what is not a regular file.
    public static func appending(to path: String) throws(SystemError) -> FileDescriptor {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY
        let opened = path.withCString { clinux_open_without_links($0, flags, 0o600) }
        let file = FileDescriptor(owning: try check(opened, "open", path))
        var status = stat()
        try checkErrno(Int(fstat(file.raw, &status)), "examine", path)
        guard clinux_is_regular(status.st_mode) != 0, status.st_nlink <= 1 else {
            throw SystemError("append to what is not a regular file of one name,", path, errno: EINVAL)
        }
        return file
    }

    /// Reads to the end, at most `limit` bytes; a longer file is an error (EFBIG).
    public borrowing func readAll(limit: Int, name: String) throws(SystemError) -> [UInt8] {
        try Self.readAll(raw, limit: limit, name: name)
    }

    /// The same for a descriptor that is not owned.
    public static func readAll(_ raw: Int32, limit: Int, name: String) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var room = 4096
        while true {
            var chunk: [UInt8] = []
            var failure: Int32 = 0
            chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                let got = read(raw, buffer.baseAddress, room)
                if got < 0 { failure = clinux_errno() }
                count = max(0, got)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw SystemError("read", name, errno: failure) }
            if chunk.isEmpty { return bytes }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            guard bytes.count <= limit else { throw SystemError("read", name, errno: EFBIG) }
            room = max(room, bytes.count)
        }
    }

    /// Writes all bytes.
    public borrowing func writeAll(_ bytes: [UInt8], name: String) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                write(raw, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if written < 0 {
                let failure = clinux_errno()
                if failure == EINTR { continue }
                throw SystemError("write", name, errno: failure)
            }
            offset += written
        }
    }
}
