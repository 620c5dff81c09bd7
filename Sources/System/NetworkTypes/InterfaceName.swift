// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A network interface's name as the kernel and CNI take it: 1 to 15 bytes, not `.` or `..`, without `/`,
/// `:`, white space and control characters.
public struct InterfaceName: Hashable, Sendable {
    /// The name.
    public let text: String

    /// A name, or nil where the kernel (dev_valid_name) or CNI would refuse it.
    public init?(_ text: String) {
        guard (1...15).contains(text.utf8.count), text != ".", text != ".." else { return nil }
        for byte in text.utf8 {
            guard byte > 0x20, byte != 0x7F, byte != UInt8(ascii: "/"), byte != UInt8(ascii: ":") else {
                return nil
            }
        }
        self.text = text
    }

    /// A device's name made of a word and a hash of parts that name it: the same parts give the same name,
    /// and two pods' names differ (44 bits for the word "tap"; FNV-1a, parts separated by a zero byte).
    ///
    /// `prefix`: at most 4 bytes.
    public init?(prefix: String, hashing parts: [String]) {
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
