// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import NetworkTypes

/// The unsolicited neighbour advertisement (RFC 4861, 7.2.6), for where the kernel can't be made to send it.
public enum NeighbourAdvertisement {
    /// Sends one about an IPv6 address of this thread's network namespace, over an interface that is up.
    ///
    /// One that can't be sent is not an error: neighbours ask then.
    public static func send(_ address: IPAddress, at mac: MACAddress, over index: Int32) {
        guard address.family == .v6 else { return }
        let message = Self.message(address, at: mac)
        _ = message.withUnsafeBytes { bytes in
            bytes.baseAddress.map { clinux_send_to_all_nodes(index, address.bytes, $0, bytes.count) }
        }
    }

    /// RFC 4861, 4.4, with the override flag and the target's link-layer address; the kernel adds the checksum.
    static func message(_ address: IPAddress, at mac: MACAddress) -> [UInt8] {
        [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + mac.bytes
    }
}
