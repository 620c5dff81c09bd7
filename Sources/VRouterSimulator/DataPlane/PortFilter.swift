// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Drops what a port has no right to send: a table of the bridge family whose sets hold what each port may use.
///
/// The rules are made once; a port only adds elements to the sets, so neither frames nor ports cost more with more ports.
final class PortFilter {
    static let table = "vrouter_sim"

    /// Why a frame was dropped: a set with a counter for each device.
    enum Reason: String, CaseIterable {
        case mac
        case arp
        case ipv4
        case ipv6

        var set: String { "dropped_" + rawValue }
    }

    private let sets: NetfilterSets
    private let gateways: GatewayFilter

    /// Makes the table, in place of one that an earlier run left.
    ///
    /// - Throws: ``SystemError`` or ``DataPlaneError`` with what `nft` said.
    init() throws {
        sets = try NetfilterSets(table: Self.table, of: .bridge)
        gateways = try GatewayFilter()
        try Self.run("table bridge \(Self.table) {}\ndelete table bridge \(Self.table)\n" + Self.rules)
    }

    /// Leaves a network's own addresses to its bridge.
    func reserve(_ network: VirtualNetwork) throws(SystemError) { try gateways.reserve(network) }

    func allow(_ plan: PortPlan) throws(SystemError) {
        try sets.add(Self.elements(of: plan), for: plan.device)
    }

    func withdraw(_ plan: PortPlan) throws(SystemError) {
        try sets.remove(Self.elements(of: plan), for: plan.device)
        for reason in Reason.allCases {
            do {
                try sets.remove([(reason.set, Self.key(plan.device))], for: plan.device)
            } catch  where error.code == ENOENT {
                continue
            }
        }
    }

    /// Packets dropped, by device and reason.
    func drops() throws(SystemError) -> [String: [Reason: Int]] {
        var result: [String: [Reason: Int]] = [:]
        for reason in Reason.allCases {
            for (key, packets) in try sets.counters(of: reason.set) {
                result[key.beforeNUL.text, default: [:]][reason] = packets
            }
        }
        return result
    }

    func remove() {
        gateways.remove()
        do {
            try Self.run("delete table bridge \(Self.table)\n")
        } catch {
            Log.write("\(error)")
        }
    }

    /// What a port may use, as elements of the sets.
    static func elements(of plan: PortPlan) -> [(set: String, key: Bytes)] {
        let device = key(plan.device)
        let v6 = [plan.mac.linkLocal, plan.v6].compactMap { $0?.bytes }
        return [("ports", device), ("macs", device + plan.mac.bytes + [0, 0])]
            + [plan.v4].compactMap { $0.map { ("v4", device + $0.bytes) } }
            + v6.map { ("v6", device + $0) } + v6.map { ("targets", device + $0) }
    }

    /// A device's name as the kernel compares it: 16 bytes.
    private static func key(_ device: String) -> Bytes {
        let name = Bytes(device).prefix(15)
        return name + Bytes(repeating: 0, count: 16 - name.count)
    }

    static let rules = """
        table bridge \(table) {
            set ports { type ifname; }
            set macs { type ifname . ether_addr; }
            set v4 { type ifname . ipv4_addr; }
            set v6 { type ifname . ipv6_addr; }
            set targets { typeof iifname . @th,64,128; }
        \(Reason.allCases.map {
            "    set \($0.set) { type ifname; size 65535; flags dynamic; counter; }"
        }.joined(separator: "\n"))
            chain from_ports {
                type filter hook prerouting priority -300; policy accept;
                iifname != @ports accept
                ether type { 8021q, 8021ad } \(drop(.mac))
                iifname . ether saddr != @macs \(drop(.mac))
                ether type arp iifname . arp saddr ether != @macs \(drop(.arp))
                arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @v4 \(drop(.arp))
                ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept
                ether type ip iifname . ip saddr != @v4 \(drop(.ipv4))
                icmpv6 type nd-router-advert \(drop(.ipv6))
                icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @targets \(drop(.ipv6))
                ip6 saddr :: meta l4proto ipv6-icmp accept
                ether type ip6 iifname . ip6 saddr != @v6 \(drop(.ipv6))
            }
        }

        """

    private static func drop(_ reason: Reason) -> String {
        "add @\(reason.set) { iifname } drop"
    }

    /// Has `nft` carry out a script.
    static func run(_ script: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("make", "a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: ChildProcess
        do {
            child = try ChildProcess("nft", ["-f", "-"], input: ends[0])
            close(ends[0])
        } catch {
            for end in ends { close(end) }
            throw error
        }
        _ = Bytes(script).withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        guard child.wait() else {
            throw DataPlaneError("nft cannot make table \(table): \(child.readErrors().text)")
        }
    }
}
