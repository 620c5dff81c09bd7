// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A request that the kernel's routing netlink refused, or that could not be made.
public struct NetlinkError: Error, Hashable, Sendable {
    /// What was tried, like "set MTU 9000".
    public let operation: String
    /// On what, like "tap3f2a".
    public let subject: String
    /// The errno value, positive; 0 where only libnl had something to say.
    public let errno: Int32
    /// The kernel's extended acknowledgement, or libnl's own text; empty where there was none.
    public let detail: String

    /// An error of an operation on a subject.
    public init(operation: String, subject: String, errno: Int32, detail: String = "") {
        self.operation = operation
        self.subject = subject
        self.errno = errno
        self.detail = detail
    }

    /// "cannot add veth tap3f2a: File exists (a text of the kernel's)".
    public var message: String {
        var text = "cannot \(operation) \(subject)"
        if errno != 0 { text += ": \(String(cString: clinux_strerror(errno)))" }
        if !detail.isEmpty { text += " (\(detail))" }
        return text
    }
}
