// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A system call that failed: what was tried, on what, and what the kernel said.
public struct SystemError: Error, Hashable, Sendable {
    /// What was tried, like "write".
    public let operation: String
    /// On what, like a path.
    public let subject: String
    /// The errno value, positive.
    public let errno: Int32

    /// An error of an operation on a subject.
    public init(_ operation: String, _ subject: String, errno: Int32) {
        self.operation = operation
        self.subject = subject
        self.errno = errno
    }

    /// Whether nothing more can be written there: the disk or the quota is full, it is read-only, or the process may
    /// write no longer files.
    public var isLackOfRoom: Bool {
        errno == ENOSPC || errno == EDQUOT || errno == EROFS || errno == EFBIG
    }

    /// "cannot write /run/x: No space left on device".
    public var message: String { "cannot \(operation) \(subject): \(errorText(errno))" }
}

/// The kernel's text for an errno value, in English.
public func errorText(_ errno: Int32) -> String { String(cString: clinux_strerror(errno)) }

/// Passes a result through, or throws what a call that returns -errno reported.
func check(
    _ result: Int32,
    _ operation: @autoclosure () -> String,
    _ subject: @autoclosure () -> String
) throws(SystemError) -> Int32 {
    guard result >= 0 else { throw SystemError(operation(), subject(), errno: -result) }
    return result
}

/// The same for a call that returns -1 and sets errno.
@discardableResult
func checkErrno(
    _ result: Int,
    _ operation: @autoclosure () -> String,
    _ subject: @autoclosure () -> String
) throws(SystemError) -> Int {
    guard result >= 0 else { throw SystemError(operation(), subject(), errno: clinux_errno()) }
    return result
}
