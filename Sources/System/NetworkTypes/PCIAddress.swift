// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A PCI address, like 0000:01:10.2.
public struct PCIAddress: Hashable, Sendable {
    /// The canonical text: four, two, two hexadecimal digits and one octal digit, lower case.
    public let text: String

    /// Parses the full form with its domain.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 12 else { return nil }
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 4, 7: guard byte == UInt8(ascii: ":") else { return nil }
            case 10: guard byte == UInt8(ascii: ".") else { return nil }
            case 11: guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else { return nil }
            default: guard hexadecimalDigit(byte) != nil else { return nil }
            }
        }
        self.text = text.lowercased()
    }
}
