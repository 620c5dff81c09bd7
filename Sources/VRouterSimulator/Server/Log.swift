// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lines for the operator, on standard error.
enum Log {
    static func write(_ text: String) {
        let line = Bytes("vrouter-sim: \(text)\n")
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
