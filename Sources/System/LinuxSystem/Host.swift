// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Facts of this host and settings in this thread's network namespace.
public enum Host {
    /// The kernel's boot id.
    public static func bootID() throws(SystemError) -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let bytes = try Files.read(path, limit: 64) else {
            throw SystemError("open", path, errno: ENOENT)
        }
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// Writes a value below /proc/sys.
    ///
    /// `name`: like `net/ipv6/conf/eth0/accept_ra`.
    public static func setSysctl(_ name: String, to value: String) throws(SystemError) {
        let path = "/proc/sys/\(name)"
        let file = try FileDescriptor(opening: path, O_WRONLY)
        try file.writeAll(Array(value.utf8), name: path)
    }
}
