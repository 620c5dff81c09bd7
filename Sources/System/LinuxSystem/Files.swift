// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Files that are whole or absent, and the folders around them.
public enum Files {
    /// The longest state file that is read.
    public static let mostBytes = 1 << 20

    /// Reads a file; nil where there is none.
    ///
    /// It never waits: a FIFO is an empty file, or an error.
    public static func read(_ path: String, limit: Int = mostBytes) throws(SystemError) -> [UInt8]? {
        let opened = path.withCString { clinux_open($0, O_RDONLY | O_NONBLOCK, 0) }
        if opened == -ENOENT || opened == -ENOTDIR { return nil }
        let file = FileDescriptor(owning: try check(opened, "open", path))
        return try file.readAll(limit: limit, name: path)
    }

    /// Writes a file by a temporary one beside it and rename(2): a reader sees the old or the new whole.
    ///
    /// The temporary name begins with a dot, so that the vRouter agent never loads it, and is always the
    /// same, so that a killed writer leaves at most one: callers hold a lock.
    ///
    /// `isDurable`: whether the content must survive a power failure: then file and folder are
    /// synchronised, which costs milliseconds on a disk.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600,
        isDurable: Bool = false
    ) throws(SystemError) {
        let (folder, name) = split(path)
        let temporary = "\(folder)/.\(name).new"
        try makeFolder(folder)
        do throws(SystemError) {
            let file = try FileDescriptor(
                opening: temporary,
                O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
                mode: mode
            )
            if isCutByUmask(mode) {
                try checkErrno(Int(fchmod(file.raw, mode_t(mode))), "set the mode of", temporary)
            }
            try file.writeAll(bytes, name: temporary)
            if isDurable { try checkErrno(Int(fsync(file.raw)), "synchronise", temporary) }
        } catch {
            _ = temporary.withCString { unlink($0) }
            throw error
        }
        guard temporary.withCString({ old in path.withCString { rename(old, $0) } }) == 0 else {
            let failure = clinux_errno()
            _ = temporary.withCString { unlink($0) }
            throw SystemError("rename \(temporary) to", path, errno: failure)
        }
        if isDurable {
            let directory = try FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY)
            try checkErrno(Int(fsync(directory.raw)), "synchronise", folder)
        }
    }

    /// Removes a file; it may be gone already.
    public static func remove(_ path: String) throws(SystemError) {
        guard path.withCString({ unlink($0) }) != 0 else { return }
        let failure = clinux_errno()
        guard failure == ENOENT || failure == ENOTDIR else {
            throw SystemError("remove", path, errno: failure)
        }
    }

    /// Removes what a killed writer of a file can have left beside it; mostly there is nothing.
    public static func removeTemporary(of path: String) throws(SystemError) {
        let (folder, name) = split(path)
        try remove("\(folder)/.\(name).new")
    }

    /// Removes a folder if it is empty but for temporary files, which a killed writer left.
    ///
    /// One that is not empty, or is gone, is left alone.
    ///
    /// - Returns: Whether there is no such folder now.
    @discardableResult
    public static func removeFolderIfEmpty(_ path: String) throws(SystemError) -> Bool {
        guard path.withCString({ rmdir($0) }) != 0 else { return true }
        let failure = clinux_errno()
        switch failure {
        case ENOENT, ENOTDIR: return true
        case ENOTEMPTY, EEXIST: break
        default: throw SystemError("remove folder", path, errno: failure)
        }
        let names = try entries(path)
        guard names.allSatisfy({ $0.hasPrefix(".") && $0.hasSuffix(".new") }) else { return false }
        for name in names { try remove("\(path)/\(name)") }
        return path.withCString { rmdir($0) } == 0
    }

    /// Makes a folder and those above it, mode 0700 where new, whatever the umask.
    public static func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
        let failure = try makeOneFolder(path, mode)
        if failure == 0 || failure == EEXIST { return }
        let (above, _) = split(path)
        guard failure == ENOENT, above != path, !above.isEmpty else {
            throw SystemError("make folder", path, errno: failure)
        }
        try makeFolder(above, mode: mode)
        let second = try makeOneFolder(path, mode)
        guard second == 0 || second == EEXIST else { throw SystemError("make folder", path, errno: second) }
    }

    /// - Returns: 0, or why mkdir(2) did not make it.
    private static func makeOneFolder(_ path: String, _ mode: UInt32) throws(SystemError) -> Int32 {
        guard path.withCString({ mkdir($0, mode) }) == 0 else { return clinux_errno() }
        guard isCutByUmask(mode) else { return 0 }
        let folder = try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try checkErrno(Int(fchmod(folder.raw, mode_t(mode))), "set the mode of", path)
        return 0
    }

    /// Whether a umask that leaves the owner his rights may take some of a mode.
    private static func isCutByUmask(_ mode: UInt32) -> Bool { mode & 0o077 != 0 }

    /// Whether a path names a folder.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return path.withCString { stat($0, &status) } == 0 && clinux_is_folder(status.st_mode) != 0
    }

    /// The names in a folder, sorted, without those that begin with a dot; empty where there is no folder.
    public static func list(_ path: String) throws(SystemError) -> [String] {
        var names = try entries(path).filter { $0.utf8.first != UInt8(ascii: ".") }
        names.sort()
        return names
    }

    /// All names in a folder but `.` and `..`.
    private static func entries(_ path: String) throws(SystemError) -> [String] {
        guard let directory = path.withCString({ opendir($0) }) else {
            let failure = clinux_errno()
            if failure == ENOENT || failure == ENOTDIR { return [] }
            throw SystemError("list", path, errno: failure)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = String(cString: clinux_entry_name(entry))
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The folder that a path is in.
    public static func folder(of path: String) -> String { split(path).folder }

    /// The folder and the last component of a path.
    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let name = String(path[path.utf8.index(after: slash)...])
        return slash == path.utf8.startIndex ? ("/", name) : (String(path[..<slash]), name)
    }
}
