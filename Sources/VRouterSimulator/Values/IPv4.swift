// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IPv4 address in host order.
struct IPv4: Hashable, Sendable {
    let value: UInt32

    static let zero = IPv4(0)

    init(_ value: UInt32) {
        self.value = value
    }

    /// Four bytes in network order.
    init(bytes: Bytes) {
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// What inet_pton(3) takes, and nothing else.
    init?(_ text: Bytes) {
        var address = in_addr()
        guard inet_pton(AF_INET, text.beforeNUL.text, &address) == 1 else { return nil }
        value = UInt32(bigEndian: address.s_addr)
    }

    var bytes: Bytes {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    var text: String {
        bytes.map(String.init).joined(separator: ".")
    }
}
