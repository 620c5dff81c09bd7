// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A system call that failed: what was tried, on what, and why it failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried: "bind".
    public let operation: String
    /// On what: "127.0.0.1:9091".
    public let subject: String
    /// The errno value.
    public let code: Int32

    init(_ operation: String, _ subject: String, code: Int32 = errno) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    /// Operation, subject and cause in one line.
    public var description: String {
        "\(operation) \(subject): \(String(cString: strerror(code)))"
    }
}
