// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem

/// A container's log, opened to append to.
///
/// We are root, and what a guest wrote goes into it: so what lies at its path is not trusted. No link is followed from
/// the pod's folder on, nothing but a regular file of one name is opened, and nothing is waited for.
struct LogFile: ~Copyable {
    private let file: FileDescriptor
    /// Its file system.
    let device: UInt64
    /// Its number there.
    let inode: UInt64

    var raw: Int32 { file.raw }

    /// Opens a log; makes it and the folders that are not there.
    init(opening path: LogPath) throws(SystemError) {
        try Files.makeFolder(path.folder, mode: 0o755)
        var folder = try FileDescriptor(opening: path.folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        var name = ""
        for (index, part) in path.names.enumerated() {
            guard index < path.names.count - 1 else {
                name = part
                break
            }
            folder = try Self.openFolder(part, in: folder, path)
        }
        let (opened, status) = try Self.openFile(name, in: folder, path)
        file = FileDescriptor(owning: opened)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    private static func openFolder(
        _ name: String,
        in folder: borrowing FileDescriptor,
        _ path: LogPath
    ) throws(SystemError) -> FileDescriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK
        var opened = clinux_open_at(folder.raw, name, flags, 0)
        if opened == -ENOENT {
            let isNew = mkdirat(folder.raw, name, 0o755) == 0
            guard isNew || clinux_errno() == EEXIST else {
                throw SystemError("make the folder \(name) of the log", path.text, errno: clinux_errno())
            }
            opened = clinux_open_at(folder.raw, name, flags, 0)
            // Whatever the umask is: who collects logs is not root.
            if isNew, opened >= 0 { fchmod(opened, 0o755) }
        }
        guard opened >= 0 else {
            var status = stat()
            if opened == -ELOOP || opened == -ENOTDIR,
                fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0
            {
                throw refusal(path, "\(name) is \(kind(status)), not a folder", errno: -opened)
            }
            throw SystemError("open the folder \(name) of the log", path.text, errno: -opened)
        }
        return FileDescriptor(owning: opened)
    }

    private static func openFile(
        _ name: String,
        in folder: borrowing FileDescriptor,
        _ path: LogPath
    ) throws(SystemError) -> (Int32, stat) {
        let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        // Somebody may remove or make it at the same time; not for ever.
        for _ in 1...8 {
            let made = clinux_open_at(folder.raw, name, flags | O_CREAT | O_EXCL, 0o640)
            if made >= 0 {
                fchmod(made, 0o640)
                return (made, try examined(made, path))
            }
            guard made == -EEXIST else { throw SystemError("make the log", path.text, errno: -made) }
            var found = stat()
            guard fstatat(folder.raw, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            // A device may do something when it is opened: it is looked at first.
            try check(found, path)
            let opened = clinux_open_at(folder.raw, name, flags, 0)
            if opened == -ENOENT || opened == -ELOOP { continue }
            guard opened >= 0 else { throw SystemError("open the log", path.text, errno: -opened) }
            do throws(SystemError) {
                let status = try examined(opened, path)
                try check(status, path)
                return (opened, status)
            } catch {
                close(opened)
                throw error
            }
        }
        throw refusal(path, "what is there changes all the time", errno: EAGAIN)
    }

    private static func examined(_ descriptor: Int32, _ path: LogPath) throws(SystemError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemError("examine the log", path.text, errno: clinux_errno())
        }
        return status
    }

    private static func check(_ status: stat, _ path: LogPath) throws(SystemError) {
        guard clinux_is_regular(status.st_mode) != 0 else {
            throw refusal(path, "it is \(kind(status)), not a regular file", errno: EINVAL)
        }
        guard status.st_nlink == 1 else {
            throw refusal(path, "the file has \(status.st_nlink) names", errno: EMLINK)
        }
    }

    private static func kind(_ status: stat) -> String { String(cString: clinux_file_kind(status.st_mode)) }

    private static func refusal(_ path: LogPath, _ reason: String, errno: Int32) -> SystemError {
        SystemError("write the log", "\(path.text): \(reason); remove it", errno: errno)
    }
}
