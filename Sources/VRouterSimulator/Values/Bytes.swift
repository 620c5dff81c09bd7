// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Text as it is on the wire: the agent checks no encoding, so neither may we.
typealias Bytes = [UInt8]

extension Bytes {
    init(_ text: String) {
        self = Array(text.utf8)
    }

    /// What C sees of the text: everything before the first NUL.
    var beforeNUL: Bytes {
        guard let end = firstIndex(of: 0) else { return self }
        return Bytes(self[..<end])
    }

    /// Appends the two lower-case hexadecimal digits of a byte.
    mutating func append(hex byte: UInt8) {
        for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 0x30 + digit : 0x61 - 10 + digit) }
    }

    /// For messages and for the kernel's names; what is not UTF-8 is replaced.
    var text: String {
        String(decoding: self, as: UTF8.self)
    }
}

extension UInt8 {
    var isSpace: Bool { self == 0x20 || (9...13).contains(self) }
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x61...0x7a).contains(self | 0x20) }

    /// The value of a hexadecimal digit in either case.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
