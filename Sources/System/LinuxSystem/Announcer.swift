// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import NetworkTypes

/// Tells neighbours who has an address now: gratuitous ARP (RFC 5227, 2.3) and unsolicited neighbour
/// advertisements (RFC 4861, 7.2.6).
///
/// It sends in the network namespace in which it was opened, wherever the thread goes later.
public final class Announcer {
    private let socket: FileDescriptor

    /// Opens a socket in this thread's network namespace.
    public init() throws(SystemError) {
        socket = FileDescriptor(owning: try check(clinux_socket_packet(), "open", "a packet socket"))
    }

    /// Sends one frame about an address.
    ///
    /// A frame that can't be sent is no error: neighbours ask then.
    public func announce(_ address: IPAddress, at mac: MACAddress, over index: Int32) {
        let frame = Self.frame(address, at: mac)
        _ = frame.withUnsafeBytes { bytes in
            bytes.baseAddress.map { clinux_send_frame(socket.raw, index, $0, bytes.count) }
        }
    }

    static func frame(_ address: IPAddress, at mac: MACAddress) -> [UInt8] {
        address.family == .v4 ? arp(address, mac) : advertisement(address, mac)
    }

    /// An ARP request for one's own address, to all.
    private static func arp(_ address: IPAddress, _ mac: MACAddress) -> [UInt8] {
        var frame: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        frame += mac.bytes
        frame += [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]
        frame += mac.bytes
        frame += address.bytes
        frame += [0, 0, 0, 0, 0, 0]
        frame += address.bytes
        return frame
    }

    /// A neighbour advertisement to all nodes, with the override flag.
    private static func advertisement(_ address: IPAddress, _ mac: MACAddress) -> [UInt8] {
        let allNodes: [UInt8] = [0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        var message: [UInt8] = [136, 0, 0, 0, 0x20, 0, 0, 0]
        message += address.bytes
        message += [2, 1]
        message += mac.bytes
        // The pseudo-header of RFC 4443, 2.3: both addresses, the length, the next header.
        var sum = UInt32(message.count) + 58
        for bytes in [address.bytes, allNodes, message] {
            for place in stride(from: 0, to: bytes.count, by: 2) {
                sum += UInt32(bytes[place]) << 8 | UInt32(bytes[place + 1])
            }
        }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        message[2] = UInt8(~sum >> 8 & 0xFF)
        message[3] = UInt8(~sum & 0xFF)
        var frame: [UInt8] = [0x33, 0x33, 0, 0, 0, 1]
        frame += mac.bytes
        frame += [0x86, 0xDD, 0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255]
        frame += address.bytes
        frame += allNodes
        frame += message
        return frame
    }
}
