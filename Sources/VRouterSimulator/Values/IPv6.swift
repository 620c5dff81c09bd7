// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IPv6 address, with the scope that its text may name.
struct IPv6: Hashable, Sendable {
    let bytes: Bytes
    private let scope: String

    static let zero = IPv6(bytes: Bytes(repeating: 0, count: 16))

    init(bytes: Bytes) {
        self.bytes = bytes
        scope = ""
    }

    /// What inet_pton(3) takes, with an optional `%` and the name of an interface or its number.
    init?(_ text: Bytes) {
        let parts = text.beforeNUL.split(
            separator: UInt8(ascii: "%"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let first = parts.first else { return nil }
        var address = in6_addr()
        guard inet_pton(AF_INET6, Bytes(first).text, &address) == 1 else { return nil }
        bytes = withUnsafeBytes(of: &address) { Bytes($0) }
        scope = parts.count == 2 ? Bytes(parts[1]).text : ""
    }

    /// The shortest form: inet_ntop(3).
    var text: String {
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { $0.copyBytes(from: bytes) }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) != nil else { return "::" }
        let text = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.text
        return scope.isEmpty ? text : text + "%" + scope
    }
}
