// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Text for the operator: results on standard output, all else on standard error.
enum Terminal {
    /// Writes a line of results.
    static func line(_ text: String) { write(text + "\n", to: 1) }

    /// Writes a note on what happens.
    static func note(_ text: String) { write(text + "\n", to: 2) }

    /// Writes a text; stops where nobody reads any more.
    static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    /// Writes bytes as they are.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, clinux_errno() == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
