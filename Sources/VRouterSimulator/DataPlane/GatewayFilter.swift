// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Keeps the node from answering for gateways on devices that are no ports yet.
///
/// The gateways' addresses are the bridges', so they are this node's, and Linux answers ARP for any address of its own on any
/// device (arp_ignore in the kernel's ip-sysctl.rst): a pod that asks while its device is not in the bridge would hear the
/// device's own MAC, and what it then sends is lost. A vRouter's node has no such addresses.
final class GatewayFilter {
    private let sets: NetfilterSets
    private let isPresent: Bool
    private var reserved: Set<AgentUUID> = []

    /// Makes the table, in place of one that an earlier run left.
    init() throws(SystemError) {
        sets = try NetfilterSets(table: PortFilter.table, of: .arp)
        let name = PortFilter.table
        let script = """
            table arp \(name) {}
            delete table arp \(name)
            table arp \(name) {
                set gateways { type ipv4_addr; }
                chain requests {
                    type filter hook input priority 0; policy accept;
                    iifname != "\(BridgeName.prefix)*" arp daddr ip @gateways drop
                }
            }

            """
        do {
            try PortFilter.run(script)
            isPresent = true
        } catch {
            isPresent = false
            Log.write("a pod's first packets may be lost: \(error)")
        }
    }

    /// Leaves a network's own addresses to its bridge; done again, it does nothing.
    func reserve(_ network: VirtualNetwork) throws(SystemError) {
        guard isPresent, !reserved.contains(network.id), let v4 = network.v4 else { return }
        let addresses = Set([v4.gateway, v4.dns]).filter { $0.contains { $0 != 0 } }
        try sets.add(addresses.map { (set: "gateways", key: $0) }, for: "gateways")
        reserved.insert(network.id)
    }

    func remove() {
        guard isPresent else { return }
        do {
            try PortFilter.run("delete table arp \(PortFilter.table)\n")
        } catch {
            Log.write("\(error)")
        }
    }
}
