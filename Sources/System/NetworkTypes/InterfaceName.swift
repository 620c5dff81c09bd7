// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A network interface's name as the kernel and CNI take it: 1 to 15 bytes, not `.` or `..`, without `/`,
/// `:`, `%`, white space and control characters.
public struct InterfaceName: Hashable, Sendable {
    /// The name.
    public let text: String

    /// A name, or nil where the kernel (dev_valid_name) or CNI would refuse it, or where the kernel would
    /// make another of it (dev_get_valid_name: `eth%d`).
    public init?(_ text: String) {
        guard (1...15).contains(text.utf8.count), text != ".", text != ".." else { return nil }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            // Control characters, and what Unicode calls white space.
            case 0...0x20, 0x7F...0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
                return nil
            default: guard scalar != "/", scalar != ":", scalar != "%" else { return nil }
            }
        }
        // The kernel looks at bytes, and its isspace() is Latin-1's.
        guard !text.utf8.contains(0xA0) else { return nil }
        self.text = text
    }

    /// A device's name made of a word and a hash of parts that name it; nil for a word over 4 bytes.
    ///
    /// The same parts give the same name, and two pods' names differ (44 bits for the word "tap"; FNV-1a,
    /// parts separated by a zero byte).
    public init?(prefix: String, hashing parts: [String]) {
        guard prefix.utf8.count <= 4 else { return nil }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = hash &* 0x100_0000_01B3
        }
        // FNV's low bits depend on few input bits of the last bytes: mix before cutting (MurmurHash3's finaliser).
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 33
        var digits = Array(prefix.utf8)
        while digits.count < 15, digits.count < prefix.utf8.count + 11 {
            digits.append(hexadecimalDigits[Int(hash >> 60)])
            hash <<= 4
        }
        self.init(String(decoding: digits, as: UTF8.self))
    }
}
