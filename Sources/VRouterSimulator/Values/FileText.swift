// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Bytes {
    /// For system calls.
    var terminated: [CChar] {
        map { CChar(bitPattern: $0) } + [0]
    }
}

/// Small files, whole.
enum FileText {
    /// The text of a file, or none if it cannot be read.
    static func read(_ path: Bytes) -> Bytes? {
        let file = open(path.terminated, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var result: Bytes = []
        var buffer = Bytes(repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            if count == 0 { return result }
            result += buffer[..<count]
        }
    }

    /// Overwrites or makes a file.
    ///
    /// False if it cannot be opened; a write that is lost is not noticed, as the agent's.
    static func write(_ text: Bytes, to path: Bytes, mode: mode_t) -> Bool {
        let file = open(path.terminated, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { return false }
        defer { close(file) }
        var rest = text[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The names in a folder, but `.` and `..`; empty if it cannot be read.
    static func entries(_ folder: Bytes) -> [Bytes] {
        guard let directory = opendir(folder.terminated) else { return [] }
        defer { closedir(directory) }
        var result: [Bytes] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Bytes($0.prefix { $0 != 0 }) }
            if name != Bytes("."), name != Bytes("..") { result.append(name) }
        }
        return result
    }

    /// Makes a folder with all above it.
    ///
    /// False if it is not there then.
    @discardableResult
    static func createFolders(_ path: Bytes, mode: mode_t) -> Bool {
        for end in path.indices.dropFirst() where path[end] == UInt8(ascii: "/") {
            mkdir(Bytes(path[..<end]).terminated, mode)
        }
        var status = stat()
        return mkdir(path.terminated, mode) == 0
            || (stat(path.terminated, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR)
    }

    /// The first folder on the way to a path that others may not enter; none if all are open.
    static func closedFolder(above path: Bytes) -> Bytes? {
        for end in path.indices.dropFirst() where path[end] == UInt8(ascii: "/") {
            var status = stat()
            let folder = Bytes(path[..<end])
            if stat(folder.terminated, &status) == 0, status.st_mode & S_IXOTH == 0 { return folder }
        }
        return nil
    }
}
