// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Which file a path names, and in which version: two equal identities are the same content.
///
/// Our files are replaced by rename(2), never written in place.
public struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let changed: Int64
    /// When the content was written, in nanoseconds since 1970.
    public let modified: Int64

    /// The identity of a regular file; nil where there is none.
    public init?(_ path: String) {
        var status = stat()
        guard path.withCString({ stat($0, &status) }) == 0, clinux_is_regular(status.st_mode) != 0 else {
            return nil
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changed = clinux_changed_nanoseconds(&status)
        modified = clinux_modified_nanoseconds(&status)
    }
}
