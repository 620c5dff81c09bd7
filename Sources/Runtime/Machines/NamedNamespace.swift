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

    /// Unbinds and removes a path; it may be gone, and need not be bound.
    package static func remove(_ path: String) throws(SystemError) {
        let unmounted = clinux_unmount(path)
        guard unmounted >= 0 || unmounted == -EINVAL || unmounted == -ENOENT else {
            throw SystemError("unbind the network namespace", path, errno: -unmounted)
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
