// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ways in which the agent ends abruptly.
enum AgentCrash: Sendable {
    /// An assertion after an exception.
    case assertion
    /// An access to memory that is not there.
    case memory

    /// Ends the process by the signal that ends the agent.
    func end() -> Never {
        let number = self == .assertion ? SIGABRT : SIGSEGV
        signal(number, SIG_DFL)
        raise(number)
        _exit(128 + number)
    }
}
