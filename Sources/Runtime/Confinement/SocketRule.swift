// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// What emulators' users may reach by IP: nothing, or TCP at the networks of the storage.
///
/// Where no storage is listed, such a user gets no socket of IPv4 or IPv6 at all, whatever the protocol, and so neither
/// sends nor receives nor takes a port. Where some is, it gets TCP sockets, and each packet of one must go to a listed
/// network. Unix sockets are untouched. The rule is code for the kernel's virtual machine (bpf(2)).
public struct SocketRule: Hashable, Sendable {
    /// The users.
    public let users: [ClosedRange<UInt32>]
    /// The networks of the storage.
    ///
    /// The loopback and link-local networks are reached only where a listed one lies in them: 0.0.0.0/0 leaves them out.
    public let storage: [IPPrefix]

    /// A rule.
    public init(users: [ClosedRange<UInt32>], storage: [IPPrefix] = []) {
        self.users = users
        self.storage = storage
    }

    /// Where a node talks to itself and to what configures it: the vRouter agent, kubelet, metadata services.
    static let withheld = [
        "127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "::/127", "fe80::/10", "::ffff:0:0/96",
    ]
    .compactMap { IPPrefix($0) }

    /// The program that decides whether a socket of IPv4 or IPv6 is made.
    var sockets: [UInt64] {
        var code = Assembly()
        code.add(.copy(1, to: 6))
        code.add(.call(.currentUser))
        select(users, &code)
        code.mark(.ours)
        if !storage.isEmpty {
            // struct bpf_sock: the type, the protocol.
            code.add(.loadWord(2, from: 6, 8))
            code.add(.jumpIf(2, differsFrom: Self.stream, .refuse))
            code.add(.loadWord(2, from: 6, 12))
            code.add(.jumpIf(2, equals: UInt32(Self.tcp), .allow))
        }
        verdicts(&code)
        return code.words
    }

    /// The program that decides whether a packet leaves.
    var packets: [UInt64] {
        var code = Assembly()
        code.add(.copy(1, to: 6))
        code.add(.call(.socketUser))
        select(users, &code)
        code.mark(.ours)
        // struct __sk_buff: the protocol, in network order.
        code.add(.loadWord(7, from: 6, 16))
        filter(.v4, etherType: 0x0800, protocolAt: 9, destinationAt: 16, &code)
        filter(.v6, etherType: 0x86DD, protocolAt: 6, destinationAt: 24, &code)
        verdicts(&code)
        return code.words
    }

    private static let stream: UInt32 = 1
    private static let tcp: UInt8 = 6

    /// Lets everybody through but the rule's users; r0 has the user.
    private func select(_ users: [ClosedRange<UInt32>], _ code: inout Assembly) {
        code.add(.copyWord(0, to: 1))
        for range in users {
            let next = code.newLabel()
            code.add(.jumpIf(1, isBelow: range.lowerBound, next))
            code.add(.jumpIf(1, isAbove: range.upperBound, next))
            code.add(.jump(.ours))
            code.mark(next)
        }
        code.add(.jump(.allow))
    }

    private func verdicts(_ code: inout Assembly) {
        code.mark(.refuse)
        code.add(.set(0, to: 0))
        code.add(.exit)
        code.mark(.allow)
        code.add(.set(0, to: 1))
        code.add(.exit)
    }

    /// Packets of one family: r6 is the packet, r7 what its header is.
    private func filter(
        _ family: IPFamily,
        etherType: UInt16,
        protocolAt: Int32,
        destinationAt: Int32,
        _ code: inout Assembly
    ) {
        let other = code.newLabel()
        code.add(.jumpIf(7, differsFrom: UInt32(etherType.bigEndian), other))
        load(bytes: 1, at: protocolAt, &code)
        code.add(.loadByte(2, from: 10, -16))
        code.add(.jumpIf(2, differsFrom: UInt32(Self.tcp), .refuse))
        load(bytes: Int32(family.bits / 8), at: destinationAt, &code)
        let listed = storage.filter { $0.address.family == family }
        let withheld = Self.withheld.filter { $0.address.family == family }
        let isInner = { (network: IPPrefix) in
            withheld.contains { $0.length <= network.length && $0.contains(network.address) }
        }
        for network in listed.filter(isInner) { match(network, .allow, &code) }
        for network in withheld { match(network, .refuse, &code) }
        let outer = listed.filter { !isInner($0) }
        // The kernel takes no program with a part that is never reached, as behind what matches always.
        if outer.contains(where: { $0.length == 0 }) {
            code.add(.jump(.allow))
        } else {
            for network in outer { match(network, .allow, &code) }
            code.add(.jump(.refuse))
        }
        code.mark(other)
    }

    /// Copies bytes of the header of IP to the stack, at -16.
    private func load(bytes: Int32, at offset: Int32, _ code: inout Assembly) {
        code.add(.copy(6, to: 1))
        code.add(.set(2, to: offset))
        code.add(.copy(10, to: 3))
        code.add(.add(-16, to: 3))
        code.add(.set(4, to: bytes))
        // BPF_HDR_START_NET.
        code.add(.set(5, to: 1))
        code.add(.call(.loadPacketBytes))
        code.add(.jumpIf(0, differsFrom: 0, .refuse))
    }

    /// Jumps where the destination, on the stack, lies in a network.
    private func match(_ network: IPPrefix, _ label: Instruction.Label, _ code: inout Assembly) {
        let next = code.newLabel()
        for word in 0..<(network.address.family.bits / 32) {
            let bits = min(32, network.length - 32 * word)
            guard bits > 0 else { break }
            let mask = UInt32.max << (32 - bits)
            let address = network.address.bytes[(4 * word)..<(4 * word + 4)].reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            code.add(.loadWord(2, from: 10, Int16(4 * word - 16)))
            code.add(.mask(2, mask.bigEndian))
            code.add(.jumpIf(2, differsFrom: (address & mask).bigEndian, next))
        }
        code.add(.jump(label))
        code.mark(next)
    }
}
