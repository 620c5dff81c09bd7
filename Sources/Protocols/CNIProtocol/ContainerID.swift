// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A container's or sandbox's id as CNI allows it: a letter or digit, then letters, digits, `_`, `.`, `-`.
public struct ContainerID: Hashable, Sendable {
    /// The id.
    public let text: String

    /// An id of 1 to 200 bytes, so that it can be a folder's name; nil for anything else.
    public init?(_ text: String) {
        guard (1...200).contains(text.utf8.count), isIdentifier(text) else { return nil }
        self.text = text
    }
}

/// Whether a text begins with a letter or digit and goes on with letters, digits, `_`, `.` and `-` (CNI
/// specification, section 2: CNI_CONTAINERID; section 1: network names).
public func isIdentifier(_ text: String) -> Bool {
    var isFirst = true
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            break
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            guard !isFirst else { return false }
        default: return false
        }
        isFirst = false
    }
    return !isFirst
}
