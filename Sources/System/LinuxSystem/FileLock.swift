// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// An exclusive lock on a name, held by a file that is removed with the lock's last holder.
///
/// The kernel drops it when the process ends, however it ends.
public final class FileLock {
    private let path: String
    /// Whether the path is still ours to remove.
    private var isHeld: Bool
    private let file: FileDescriptor

    /// Takes the lock for an undo, which goes on where there is no room for the lock's file.
    ///
    /// Nobody holds the lock then, or the file would be there. The nearest folder is locked in its place, so that
    /// undos at least exclude each other.
    public static func forUndo(_ path: String, deadline: Int64) throws(SystemError) -> FileLock {
        do throws(SystemError) {
            return try FileLock(path, deadline: deadline)
        } catch {
            guard error.isLackOfRoom else { throw error }
        }
        var (folder, _) = Files.split(path)
        while !Files.isFolder(folder), folder != "/" { (folder, _) = Files.split(folder) }
        return try FileLock(folder: folder, deadline: deadline)
    }

    private init(folder: String, deadline: Int64) throws(SystemError) {
        path = folder
        isHeld = false
        file = try FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY)
        var wait: UInt32 = 1000
        while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
            wait = try Self.pause(wait, path, deadline: deadline)
        }
    }

    /// Takes the lock, waiting for other holders until the deadline.
    ///
    /// `deadline`: monotonic time in microseconds; one in the past means: do not wait.
    ///
    /// - Throws: ETIMEDOUT where the deadline passed.
    public init(_ path: String, deadline: Int64) throws(SystemError) {
        let (folder, _) = Files.split(path)
        var wait: UInt32 = 1000
        while true {
            var opened = path.withCString { clinux_open($0, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600) }
            if opened == -ENOENT {
                try Files.makeFolder(folder)
                opened = path.withCString { clinux_open($0, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600) }
            }
            let candidate = FileDescriptor(owning: try check(opened, "open", path))
            if flock(candidate.raw, LOCK_EX | LOCK_NB) == 0 {
                if FileLock.isStill(path, candidate.raw) {
                    self.path = path
                    isHeld = true
                    file = candidate
                    return
                }
                continue
            }
            wait = try Self.pause(wait, path, deadline: deadline)
        }
    }

    /// Waits before the next try for a lock that somebody holds.
    ///
    /// - Returns: How long to wait after that one, in microseconds.
    private static func pause(
        _ wait: UInt32,
        _ path: String,
        deadline: Int64
    ) throws(SystemError) -> UInt32 {
        let failure = clinux_errno()
        guard failure == EWOULDBLOCK || failure == EINTR else {
            throw SystemError("lock", path, errno: failure)
        }
        guard monotonicMicroseconds() < deadline else {
            throw SystemError("lock", path, errno: ETIMEDOUT)
        }
        usleep(wait)
        return min(wait * 2, 50_000)
    }

    /// Whether the path still names the locked file: the holder before may have removed it.
    private static func isStill(_ path: String, _ raw: Int32) -> Bool {
        var ours = stat()
        var theirs = stat()
        guard fstat(raw, &ours) == 0, path.withCString({ stat($0, &theirs) }) == 0 else { return false }
        return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev
    }

    /// Removes the file: waiters notice that the path names another file and start again.
    ///
    /// The kernel's lock ends with this object. A second call does nothing: the path is the next holder's by
    /// then.
    public func unlock() {
        guard isHeld else { return }
        isHeld = false
        _ = path.withCString { unlink($0) }
    }
}

/// CLOCK_MONOTONIC in microseconds.
public func monotonicMicroseconds() -> Int64 { clinux_monotonic_microseconds() }
