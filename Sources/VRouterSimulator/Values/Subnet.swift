// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A prefix of either family.
struct Subnet: Hashable, Sendable {
    let address: Bytes
    let length: Int

    /// Reads `10.47.0.0/16` or `fd00:47::/64`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = Int(parts[1]), length >= 0 else { return nil }
        guard let address = IPv4(Bytes(String(parts[0])))?.bytes ?? IPv6(Bytes(String(parts[0])))?.bytes,
            length <= address.count * 8
        else { return nil }
        self.address = address
        self.length = length
    }

    func contains(_ other: Bytes) -> Bool {
        guard other.count == address.count else { return false }
        for index in address.indices {
            let bits = min(8, max(0, length - 8 * index))
            let mask = ~UInt8(truncatingIfNeeded: 0xff >> bits)
            if (address[index] ^ other[index]) & mask != 0 { return false }
        }
        return true
    }

    /// The address that is `offset` after the first, or none if it lies outside or is an IPv4 broadcast.
    func address(at offset: UInt64) -> Bytes? {
        var result = address
        var rest = offset
        for index in result.indices.reversed() {
            let sum = UInt64(result[index]) + rest & 0xff
            result[index] = UInt8(truncatingIfNeeded: sum)
            rest = rest >> 8 + sum >> 8
        }
        guard rest == 0, contains(result), result.count == 16 || offset + 1 < hosts else { return nil }
        return result
    }

    /// How many addresses there are, at most 2^32.
    var hosts: UInt64 {
        1 << UInt64(min(32, address.count * 8 - length))
    }

    var text: String {
        let text = address.count == 4 ? IPv4(bytes: address).text : IPv6(bytes: address).text
        return "\(text)/\(length)"
    }
}
