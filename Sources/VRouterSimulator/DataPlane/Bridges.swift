// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A Linux bridge for each virtual network that has a port.
final class Bridges {
    private let links: Links
    private var made: [AgentUUID: Link] = [:]

    init(_ links: Links) {
        self.links = links
    }

    /// The network's bridge, made if it is not there.
    func bridge(for network: VirtualNetwork) throws(SystemError) -> Link {
        if let link = made[network.id] { return link }
        let name = BridgeName.of(network.id)
        try links.addBridge(name, mac: .gateway, alias: "vrouter-sim \(getpid())")
        guard let link = try links.find(name) else { throw SystemError("find", name, code: ENODEV) }
        made[network.id] = link
        for setting in Self.settings(name) {
            _ = FileText.write(Bytes(setting.value), to: Bytes(setting.path), mode: 0)
        }
        try links.setUp(link)
        for addressing in [network.v4, network.v6] {
            guard let addressing else { continue }
            try addAddress(addressing.gateway, addressing.subnet, link)
            if addressing.dns != addressing.gateway {
                try addAddress(addressing.dns, addressing.subnet, link)
            }
        }
        return link
    }

    /// Removes the bridges of runs that have ended.
    ///
    /// - Throws: ``DataPlaneError`` if another simulator works in this namespace.
    func removeLeftovers() throws {
        for link in try links.all() where link.kind == "bridge" && link.name.hasPrefix(BridgeName.prefix) {
            if let owner = Self.owner(of: link), owner != getpid(), RunningProcess.isSimulator(owner) {
                throw DataPlaneError(
                    "bridge \(link.name) belongs to process \(owner), a simulator that runs in this namespace"
                )
            }
            try links.delete(link)
        }
    }

    func removeAll() {
        for link in made.values {
            do {
                try links.delete(link)
            } catch {
                Log.write("\(error)")
            }
        }
        made = [:]
    }

    private func addAddress(_ address: Bytes, _ subnet: Subnet, _ link: Link) throws(SystemError) {
        guard address.contains(where: { $0 != 0 }), subnet.contains(address) else { return }
        do {
            try links.addAddress(address, length: subnet.length, to: link)
        } catch  where error.code == EEXIST {
            return
        }
    }

    private static func owner(of link: Link) -> pid_t? {
        link.alias.split(separator: " ").last.flatMap { pid_t($0) }
    }

    /// A bridge routes nothing, believes no router and uses its addresses at once.
    private static func settings(_ name: String) -> [(path: String, value: String)] {
        [
            ("/proc/sys/net/ipv4/conf/\(name)/forwarding", "0"),
            ("/proc/sys/net/ipv6/conf/\(name)/forwarding", "0"),
            ("/proc/sys/net/ipv6/conf/\(name)/accept_ra", "0"),
            ("/proc/sys/net/ipv6/conf/\(name)/accept_dad", "0"),
        ]
    }
}
