// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A UUID in the only form that the vRouter agent keeps as it is: lower-case, dashed.
public struct UUID: Hashable, Sendable {
    /// The canonical text, 36 bytes.
    public let text: String

    /// Parses the canonical lower-case form, and no other; the nil UUID is refused.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        var isNil = true
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return nil }
            default:
                guard hexadecimalDigit(byte) != nil, !(UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
                else {
                    return nil
                }
                if byte != UInt8(ascii: "0") { isNil = false }
            }
        }
        guard !isNil else { return nil }
        self.text = text
    }
}
