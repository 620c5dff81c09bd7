// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The names of what the data plane makes.
enum BridgeName {
    static let prefix = "vrs-"

    /// A bridge's name: a hash of the network's UUID, 15 bytes.
    static func of(_ network: AgentUUID) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in network.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash >> 20, radix: 16)
        return prefix + String(repeating: "0", count: 11 - digits.count) + digits
    }
}
