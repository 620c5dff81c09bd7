// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Announces a port's addresses to its neighbours once its device carries frames: gratuitous ARP (RFC 5227, 2.3) and
/// unsolicited neighbour advertisements (RFC 4861, 7.2.6).
///
/// The pod's kernel sends both as its end comes up. The vRouter takes them at once; a Linux bridge drops what a port
/// sends until the kernel has reported the port's carrier, some milliseconds later.
final class Announcements {
    private let fd: Int32

    init() throws(SystemError) {
        // Of no protocol: it receives nothing.
        fd = socket(AF_PACKET, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw SystemError("open", "a packet socket") }
    }

    deinit {
        close(fd)
    }

    /// Sends what a port has to say out of the devices of its neighbours.
    ///
    /// A frame that can't be sent is not an error: neighbours ask then.
    func send(_ plan: PortPlan, over devices: [Int32]) {
        let frames = Self.frames(plan)
        for device in devices {
            // struct sockaddr_ll: family, protocol, index, hardware type, packet type, length, address.
            let to =
                bytes(of: UInt16(AF_PACKET)) + bytes(of: UInt16(0)) + bytes(of: device)
                + Bytes(repeating: 0, count: 12)
            for frame in frames {
                to.withUnsafeBytes { address in
                    let name = address.assumingMemoryBound(to: sockaddr.self).baseAddress
                    _ = sendto(fd, frame, frame.count, Int32(MSG_DONTWAIT), name, socklen_t(to.count))
                }
            }
        }
    }

    static func frames(_ plan: PortPlan) -> [Bytes] {
        [plan.v4.map { arp($0, plan.mac) }, plan.v6.map { advertisement($0, plan.mac) }].compactMap { $0 }
    }

    /// An ARP request for one's own address, to all.
    private static func arp(_ address: IPv4, _ mac: AgentMAC) -> Bytes {
        let sender = mac.bytes + address.bytes
        let target = Bytes(repeating: 0, count: 6) + address.bytes
        return Bytes(repeating: 0xff, count: 6) + mac.bytes + [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1] + sender
            + target
    }

    /// A neighbour advertisement to all nodes, with the override flag.
    private static func advertisement(_ address: IPv6, _ mac: AgentMAC) -> Bytes {
        let allNodes: Bytes = [0xff, 2] + Bytes(repeating: 0, count: 13) + [1]
        var message: Bytes = [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + mac.bytes
        // The pseudo-header of RFC 4443, 2.3: both addresses, the length, the next header.
        let summed = address.bytes + allNodes + message
        var sum = UInt32(message.count) + 58
        for place in stride(from: 0, to: summed.count, by: 2) {
            sum += UInt32(summed[place]) << 8 | UInt32(summed[place + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        message[2] = UInt8(~sum >> 8 & 0xff)
        message[3] = UInt8(~sum & 0xff)
        let header: Bytes = [0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255]
        return [0x33, 0x33, 0, 0, 0, 1] + mac.bytes + [0x86, 0xdd] + header + address.bytes + allNodes
            + message
    }
}
