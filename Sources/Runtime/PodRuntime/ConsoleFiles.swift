// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem

/// A console's file, and those that it was before.
///
/// libvirt's virtlogd begins a new file at 2 MiB: it renames `console.log.1` to `console.log.2`, `console.log.0` to `console.log.1`,
/// `console.log` to `console.log.0`, and makes `console.log` anew. It never writes to a renamed file, and removes the oldest.
struct ConsoleFiles {
    /// The console's own path.
    let path: String

    /// Which file it is: an inode's number alone may be another file's by now.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
        /// When it was made, in nanoseconds since 1970; 0 where the file system does not note it.
        let born: Int64
    }

    /// One of the files, open.
    final class File {
        let descriptor: FileDescriptor
        let identity: Identity

        private init(_ descriptor: consuming FileDescriptor, _ identity: Identity) {
            self.descriptor = descriptor
            self.identity = identity
        }

        /// Opens a file; nil where there is none.
        static func open(_ path: String) throws(SystemError) -> File? {
            let number = clinux_open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0)
            if number == -ENOENT { return nil }
            guard number >= 0 else { throw SystemError("open", path, errno: -number) }
            let descriptor = FileDescriptor(owning: number)
            var status = stat()
            guard fstat(number, &status) == 0, clinux_is_regular(status.st_mode) != 0 else {
                throw SystemError("follow the console", path, errno: EINVAL)
            }
            let identity = Identity(
                device: UInt64(status.st_dev),
                inode: UInt64(status.st_ino),
                born: clinux_born_nanoseconds(number)
            )
            return File(descriptor, identity)
        }
    }

    /// Whether the console's path names a file now that is not this one; not where it names none.
    func isReplaced(_ current: Identity) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return UInt64(status.st_ino) != current.inode || UInt64(status.st_dev) != current.device
    }

    /// The file that was written to after another.
    ///
    /// - Returns: The file, open, and whether it is known that none was between them; nil where there is none yet.
    func next(after current: Identity) throws(SystemError) -> Successor? {
        try settled { files in
            let known = files.firstIndex { $0.identity == current }
            let next = known.map { $0 + 1 } ?? 0
            return next < files.count ? (files[next], known != nil) : nil
        }
    }

    /// The file that an earlier follower had come to, or the oldest that is there.
    func resumed(at last: Identity?) throws(SystemError) -> Successor? {
        try settled { files in
            if let last, let same = files.first(where: { $0.identity == last }) { return (same, true) }
            return files.first.map { ($0, last == nil) }
        }
    }

    /// The console's own file, as it is named now.
    func newest() throws(SystemError) -> Successor? {
        try settled { files in files.last.map { ($0, true) } }
    }

    struct Successor {
        let file: File
        let isGapless: Bool
    }

    private struct Named: Equatable {
        let path: String
        let identity: Identity
    }

    /// Chooses one of the files and opens it, while they may be renamed at any moment.
    private func settled(
        _ choose: ([Named]) -> (file: Named, isGapless: Bool)?
    ) throws(SystemError) -> Successor? {
        for _ in 1...100 {
            let files = try all()
            guard let choice = choose(files) else { return nil }
            // What was opened is what was chosen, and nothing was renamed between the first look and the second.
            guard let file = try File.open(choice.file.path), file.identity == choice.file.identity,
                try all() == files
            else { continue }
            return Successor(file: file, isGapless: choice.isGapless)
        }
        throw SystemError("find the files of the console", path, errno: EAGAIN)
    }

    /// All that are there, the oldest first.
    private func all() throws(SystemError) -> [Named] {
        let folder = Files.folder(of: path)
        let prefix = "\(path.dropFirst(folder.utf8.count + 1))."
        let numbers = try Files.list(folder).filter { $0.hasPrefix(prefix) }
            .compactMap { Int($0.dropFirst(prefix.count)) }.sorted(by: >)
        var files: [Named] = []
        for path in numbers.map({ "\(path).\($0)" }) + [path] {
            guard let file = try File.open(path) else { continue }
            files.append(Named(path: path, identity: file.identity))
        }
        return files
    }
}
