// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem

/// Room that is kept on the database's disk, so that what ends or is removed can be written down on a full one.
struct Ballast: Sendable {
    /// Enough for a write-ahead log that grows until it is written back.
    static let size: Int64 = 8 << 20

    private let path: String

    /// The ballast of a database.
    init(of database: String) { path = "\(database).ballast" }

    /// Takes the room, where there is plenty; done again, it does nothing.
    func take() {
        var status = stat()
        if stat(path, &status) == 0, Int64(status.st_blocks) * 512 >= Self.size { return }
        // Of the last room, nothing is taken: guests and the node need it more.
        guard let free = Self.free(at: Files.folder(of: path)), free >= 4 * Self.size else { return }
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o600)
            if posix_fallocate(file.raw, 0, off_t(Self.size)) != 0 { unlink(path) }
        } catch {
            // The next round tries again.
        }
    }

    /// Gives the room to whoever writes next.
    ///
    /// - Returns: Whether there was any.
    func drop() -> Bool { unlink(path) == 0 }

    /// The bytes that a folder's file system has left; nil where it can't be told.
    static func free(at folder: String) -> Int64? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let (bytes, isTooLarge) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: status.f_frsize)
        )
        return isTooLarge ? Int64.max : bytes
    }
}
