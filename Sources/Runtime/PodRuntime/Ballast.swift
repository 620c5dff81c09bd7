// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem

/// Room that is kept on the database's disk, so that what ends or is removed can be written down on a full one.
struct Ballast: Sendable {
    /// Enough for a write-ahead log that grows until it is written back.
    static let size: Int64 = 8 << 20

    /// As large as the write-ahead log becomes before it is written back and begun anew in place.
    private static let logSize: Int64 = 5 << 20

    private let path: String
    private let log: String

    /// The ballast of a database.
    init(of database: String) {
        path = "\(database).ballast"
        log = "\(database)-wal"
    }

    /// Takes the room, where there is plenty; done again, it does nothing.
    ///
    /// The log gets its own, so that nobody else can take that while it grows; SQLite passes over zeros at its end. What else
    /// the database needs is in a file that is removed then.
    func take() {
        extend(log, to: Self.logSize, O_WRONLY | O_NOFOLLOW)
        var status = stat()
        if stat(path, &status) == 0, Int64(status.st_blocks) * 512 >= Self.size { return }
        // Of the last room, nothing is taken: guests and the node need it more.
        guard let free = Self.free(at: Files.folder(of: path)), free >= 4 * Self.size else { return }
        if !extend(path, to: Self.size, O_WRONLY | O_CREAT | O_NOFOLLOW) { unlink(path) }
    }

    /// Whether there is room to begin something.
    var hasRoom: Bool { Self.free(at: Files.folder(of: path)).map { $0 >= Self.size } ?? true }

    /// Takes blocks for a file up to a size; what is in it stays.
    /// - Returns: Whether it has them; where not, the next round tries again.
    @discardableResult
    private func extend(_ file: String, to size: Int64, _ flags: Int32) -> Bool {
        do throws(SystemError) {
            let opened = try FileDescriptor(opening: file, flags, mode: 0o600)
            return posix_fallocate(opened.raw, 0, off_t(size)) == 0
        } catch {
            return false
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
