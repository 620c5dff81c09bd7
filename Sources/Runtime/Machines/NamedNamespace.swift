// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
package import LinuxSystem

/// Network namespaces with a name, as ip-netns(8) makes them.
package enum NamedNamespace {
    /// Makes a namespace and binds it to a path.
    ///
    /// Run on a thread of its own: it stays in the namespace.
    package static func make(_ path: String) throws(SystemError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try Files.makeFolder(folder, mode: 0o755)
        try share(folder)
        let mountPoint = try FileDescriptor(opening: path, O_RDONLY | O_CREAT | O_EXCL, mode: 0)
        _ = consume mountPoint
        do throws(SystemError) {
            try check(clinux_unshare_network_namespace(), "make a network namespace for", path)
            try check(
                clinux_bind_mount("/proc/thread-self/ns/net", path),
                "bind a network namespace to",
                path
            )
        } catch {
            try Files.remove(path)
            throw error
        }
    }

    /// Whether a path names a namespace: what is left of one whose mount is gone is an empty file.
    package static func isAlive(_ path: String) -> Bool {
        var own = stat()
        var named = stat()
        guard stat(path, &named) == 0, stat("/proc/self/ns/net", &own) == 0 else { return false }
        // Both are files of the kernel's nsfs.
        return named.st_dev == own.st_dev
    }

    /// Unbinds and removes a path; it may be gone, and need not be bound, or be bound more than once.
    package static func remove(_ path: String) throws(SystemError) {
        for _ in 1...16 {
            let unmounted = clinux_unmount(path)
            if unmounted == -EINVAL || unmounted == -ENOENT || unmounted == -ENOTDIR { break }
            guard unmounted >= 0 else {
                throw SystemError("unbind the network namespace", path, errno: -unmounted)
            }
        }
        try Files.remove(path)
    }

    /// A shared mount: a namespace that is bound here is seen in the mount namespaces of others, and is let
    /// go in them, too.
    private static func share(_ folder: String) throws(SystemError) {
        guard clinux_make_mount_shared(folder) == -EINVAL else { return }
        try check(clinux_bind_mount(folder, folder), "bind to itself", folder)
        try check(clinux_make_mount_shared(folder), "share the mounts below", folder)
    }

    private static func check(_ result: Int32, _ operation: String, _ subject: String) throws(SystemError) {
        guard result < 0 else { return }
        throw SystemError(operation, subject, errno: -result)
    }
}
