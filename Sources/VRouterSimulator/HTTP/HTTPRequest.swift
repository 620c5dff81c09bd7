// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A request as the agent's handlers see it.
struct HTTPRequest: Equatable, Sendable {
    var method = ""
    var target: Bytes = []
    var body: Bytes = []

    /// The path of the target: no query, no fragment, and no scheme and host of the absolute form.
    ///
    /// Nothing is decoded.
    var path: Bytes {
        var rest = target[...]
        if let first = rest.first, first.isLetter, let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            rest[colon...].starts(with: "://".utf8)
        {
            rest = rest[(colon + 3)...].drop { ![UInt8(ascii: "/"), UInt8(ascii: "?")].contains($0) }
        }
        return Bytes(rest.prefix { ![UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) })
    }
}
