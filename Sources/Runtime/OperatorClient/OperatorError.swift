// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import Glibc
import NIOCore

/// Why vm-runtime did not do what it was asked for, in its own words.
package struct OperatorError: Error, CustomStringConvertible, Sendable {
    /// What was wrong, and what to do.
    package let description: String
    /// Whether what was named is not there.
    package let isNotFound: Bool

    /// The connection was lost.
    static let ended = OperatorError("vm-runtime has ended. Start it again: systemctl start vm-runtime")

    private init(_ description: String) {
        self.description = description
        isNotFound = false
    }

    /// What vm-runtime answered, or that it ended before it did.
    init(_ error: RPCError) {
        guard error.cause == nil else {
            self = .ended
            return
        }
        isNotFound = error.code == .notFound
        description = error.message
    }

    /// A socket where nobody answers.
    init(unreachable socket: String, _ error: any Error) {
        isNotFound = false
        let cause =
            switch (error as? IOError)?.errnoCode {
            case ENOENT?: "there is no socket"
            case ECONNREFUSED?: "nobody answers"
            case EACCES?: "the socket is root's"
            default: "\(error)"
            }
        description =
            "vm-runtime can't be reached at \(socket): \(cause). Start it with `systemctl start vm-runtime`, or run "
            + "`vm-runtime` in another terminal; run vmctl as root"
    }
}
