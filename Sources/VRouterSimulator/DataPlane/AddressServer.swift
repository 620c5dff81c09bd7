// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A network's dnsmasq: DHCP, router advertisements and DNS, and no more of them than the agent gives.
final class AddressServer {
    private let network: VirtualNetwork
    private let bridge: String
    private let folder: HostFolder
    private let processFile: String
    private(set) var child: ChildProcess
    private var startedAt = AgentClock.monotonic()
    /// It ended at once: starting it again would not help.
    private(set) var isBroken = false

    /// - Throws: if dnsmasq cannot be started.
    init(_ network: VirtualNetwork, bridge: String, runDirectory: String, switches: Switches) throws {
        self.network = network
        self.bridge = bridge
        folder = try HostFolder(path: "\(runDirectory)/\(bridge)")
        processFile = "\(runDirectory)/\(bridge).pid"
        child = try Self.start(network, bridge, folder, switches, processFile)
    }

    func serve(_ plan: PortPlan) {
        folder.serve(plan)
    }

    func withdraw(_ plan: PortPlan) {
        folder.withdraw(plan)
    }

    /// Starts again after an end that nobody asked for, unless that came at once.
    func revive(_ switches: Switches) throws {
        isBroken = AgentClock.monotonic() - startedAt < 1_000_000_000
        guard !isBroken else {
            throw DataPlaneError("dnsmasq of \(bridge) ended at once and is not started again")
        }
        try restart(switches)
    }

    /// Starts anew with other switches.
    func restart(_ switches: Switches) throws {
        child.end()
        startedAt = AgentClock.monotonic()
        isBroken = false
        child = try Self.start(network, bridge, folder, switches, processFile)
    }

    func remove() {
        child.end()
        StateFolder.removeAll(Bytes(folder.path))
        unlink(processFile)
    }

    private static func start(
        _ network: VirtualNetwork,
        _ bridge: String,
        _ folder: HostFolder,
        _ switches: Switches,
        _ processFile: String
    ) throws -> ChildProcess {
        let child = try ChildProcess("dnsmasq", arguments(network, bridge, folder, switches))
        _ = FileText.write(Bytes("\(child.id)\n"), to: Bytes(processFile), mode: 0o644)
        return child
    }

    /// The command line.
    static func arguments(
        _ network: VirtualNetwork,
        _ bridge: String,
        _ folder: HostFolder,
        _ switches: Switches
    ) -> [String] {
        var result = [
            "--conf-file=/dev/null", "--keep-in-foreground", "--user=nobody", "--group=nogroup",
            "--pid-file=",
            "--log-facility=-", "--quiet-dhcp", "--quiet-dhcp6", "--quiet-ra", "--no-resolv", "--no-hosts",
            "--interface=\(bridge)", "--except-interface=lo", "--bind-interfaces", "--leasefile-ro",
            "--no-ping",
            "--dhcp-authoritative", "--dhcp-hostsdir=\(folder.hosts)", "--hostsdir=\(folder.names)",
            "--dhcp-ignore=tag:!known",
        ]
        if !network.domain.isEmpty {
            result += ["--domain=\(network.domain)", "--local=/\(network.domain)/", "--expand-hosts"]
        }
        if switches.noDHCP { result.append("--dhcp-ignore=tag:!dhcpv6") }
        if switches.noDHCPv6 { result.append("--dhcp-ignore=tag:dhcpv6") }
        if let v4 = network.v4 { result += arguments(v4) }
        if let v6 = network.v6 { result += arguments(v6, bridge, switches) }
        return result
    }

    /// An option without a value keeps dnsmasq from sending its own idea of it.
    private static func arguments(_ v4: VirtualNetwork.Addressing) -> [String] {
        let mask = IPv4(v4.subnet.length == 0 ? 0 : ~0 << UInt32(32 - v4.subnet.length))
        return [
            "--dhcp-range=\(IPv4(bytes: v4.subnet.address).text),static,\(mask.text),infinite",
            option("option:router", IPv4(bytes: v4.gateway).text, v4.gateway),
            option("option:dns-server", IPv4(bytes: v4.dns).text, v4.dns),
        ]
    }

    private static func arguments(
        _ v6: VirtualNetwork.Addressing,
        _ bridge: String,
        _ switches: Switches
    ) -> [String] {
        let range = "--dhcp-range=\(IPv6(bytes: v6.subnet.address).text),static,\(v6.subnet.length),infinite"
        let dns = option("option6:dns-server", "[\(IPv6(bytes: v6.dns).text)]", v6.dns)
        let advertisements =
            switches.noRouterAdvertisement ? [] : ["--enable-ra", "--ra-param=\(bridge),mtu:off,0"]
        return [range, dns] + advertisements
    }

    private static func option(_ name: String, _ value: String, _ address: Bytes) -> String {
        address.contains { $0 != 0 } ? "--dhcp-option=\(name),\(value)" : "--dhcp-option=\(name)"
    }
}
