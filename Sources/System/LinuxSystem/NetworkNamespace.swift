// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// An open network namespace.
public struct NetworkNamespace: ~Copyable {
    /// The path it was opened by.
    public let path: String
    /// The descriptor that keeps it alive.
    public let file: FileDescriptor
    /// The device number of its inode.
    public let device: UInt64
    /// The inode's number: with the device, it names the namespace.
    public let inode: UInt64

    /// Opens the namespace that a path names.
    ///
    /// - Throws: ENOENT where there is none, EINVAL where the path is not a namespace.
    public init(_ path: String) throws(SystemError) {
        // A FIFO at the path must not hold us up.
        let file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK)
        var status = stat()
        try checkErrno(Int(fstat(file.raw, &status)), "examine", path)
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        self.file = file
    }

    /// The namespace of this thread.
    public static func current() throws(SystemError) -> NetworkNamespace {
        try NetworkNamespace("/proc/thread-self/ns/net")
    }

    /// Whether a path names the namespace of this thread.
    ///
    /// - Throws: ENOENT where there is none.
    public static func isCurrent(_ path: String) throws(SystemError) -> Bool {
        let own = "/proc/thread-self/ns/net"
        var theirs = stat()
        var ours = stat()
        try checkErrno(Int(path.withCString { stat($0, &theirs) }), "open", path)
        try checkErrno(Int(own.withCString { stat($0, &ours) }), "open", own)
        return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino
    }

    /// Whether it is a namespace of some kind, not an ordinary file: on the kernel's nsfs, as this thread's own.
    public var isNamespace: Bool {
        var own = stat()
        guard "/proc/thread-self/ns/net".withCString({ stat($0, &own) }) == 0 else { return true }
        return UInt64(own.st_dev) == device
    }

    /// Moves this thread into the namespace.
    public borrowing func enter() throws(SystemError) {
        _ = try check(clinux_enter_network_namespace(file.raw), "enter network namespace", path)
    }
}
