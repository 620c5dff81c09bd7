// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The data plane on its thread: bridges, their ports, filters and DHCP.
final class DataPlaneWorker {
    private struct Port {
        let plan: PortPlan
        var state = PortState.waiting
        var index: Int32 = 0
    }

    private let commands: Queue<DataPlane.Command>
    private let links: Links
    private let monitor: NetlinkSocket
    private let bridges: Bridges
    private let filter: PortFilter
    private let servers: AddressServers
    private let announcements: Announcements
    private var ports: [AgentUUID: Port] = [:]
    private var byDevice: [String: AgentUUID] = [:]
    /// Ports to be released when there is nothing more urgent: the kernel takes tens of milliseconds for each.
    private var leaving: [Port] = []

    init(_ configuration: Configuration, _ commands: Queue<DataPlane.Command>) throws {
        self.commands = commands
        links = try Links()
        monitor = try Links.monitor()
        bridges = Bridges(links)
        try bridges.removeLeftovers()
        Leftovers.removeProcesses(in: configuration.runDirectory)
        filter = try PortFilter()
        announcements = try Announcements()
        servers = AddressServers(runDirectory: configuration.runDirectory, switches: configuration.switches)
    }

    func run() {
        while true {
            var polled = [
                pollfd(fd: commands.readEnd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: monitor.fd, events: Int16(POLLIN), revents: 0),
            ]
            polled += servers.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), leaving.isEmpty ? -1 : 0) > 0 else {
                releaseNext()
                continue
            }
            if polled[1].revents != 0 { followDevices() }
            if polled.dropFirst(2).contains(where: { $0.revents != 0 }) { servers.check() }
            for command in commands.take() {
                switch command {
                case .agent(.attach(let plan)): attach(plan)
                case .agent(.detach(let interface)): detach(interface)
                case .switches(let switches): servers.follow(switches)
                case .report(let reply):
                    while !leaving.isEmpty { releaseNext() }
                    reply(report())
                case .stop: return
                }
            }
        }
    }

    func removeAll() {
        servers.removeAll()
        bridges.removeAll()
        filter.remove()
    }

    // MARK: Ports

    private func attach(_ plan: PortPlan) {
        guard ports[plan.interface]?.plan != plan else { return }
        detach(plan.interface)
        while leaving.contains(where: { $0.plan.device == plan.device }) { releaseNext() }
        ports[plan.interface] = Port(plan: plan)
        byDevice[plan.device] = plan.interface
        join(plan.interface, seen: nil)
    }

    private func detach(_ interface: AgentUUID) {
        guard let port = ports.removeValue(forKey: interface) else { return }
        if byDevice[port.plan.device] == interface { byDevice[port.plan.device] = nil }
        guard port.index != 0 else { return }
        servers.withdraw(port.plan)
        leaving.append(port)
    }

    private func releaseNext() {
        guard !leaving.isEmpty else { return }
        let port = leaving.removeFirst()
        do {
            if let link = try links.find(port.plan.device), link.index == port.index, link.master != 0 {
                try links.setMaster(link, to: 0)
            }
            try filter.withdraw(port.plan)
        } catch {
            Log.write("\(error)")
        }
    }

    /// Joins a port's device to its network's bridge, if there is one by now.
    private func join(_ interface: AgentUUID, seen: Link?) {
        guard var port = ports[interface] else { return }
        let running = PortState.attached(isRunning: true)
        do {
            // What is seen may be older than what was done.
            let isKnown = seen.map { $0.master != 0 || $0.index != port.index } ?? false
            guard let link = try isKnown ? seen : links.find(port.plan.device) else {
                if port.index != 0 { leave(interface) }
                return
            }
            try filter.reserve(port.plan.network)
            let bridge = try bridges.bridge(for: port.plan.network)
            if link.master == bridge.index, port.index == link.index {
                port.state = .attached(isRunning: link.isRunning)
            } else if link.master != 0 {
                port.state = .refused("device has a master")
            } else {
                try filter.allow(port.plan)
                port.index = link.index
                try servers.serve(port.plan)
                try links.setMaster(link, to: bridge.index)
                port.state = .attached(isRunning: link.isRunning)
            }
            if port.state == running, ports[interface]?.state != running { announce(port.plan, on: bridge) }
        } catch {
            port.state = .refused("\(error)")
            Log.write("\(error)")
        }
        ports[interface] = port
    }

    /// The port's device carries frames by now: its neighbours, pods and the node itself, hear whose its addresses are.
    private func announce(_ plan: PortPlan, on bridge: Link) {
        let neighbours = ports.values.filter {
            $0.plan.network.id == plan.network.id && $0.plan.interface != plan.interface && $0.index != 0
        }
        announcements.send(plan, over: neighbours.map(\.index))
        for address in [plan.v4?.bytes, plan.v6?.bytes].compactMap({ $0 }) {
            do {
                try links.forgetNeighbour(address, on: bridge)
            } catch {
                Log.write("\(error)")
            }
        }
    }

    private func followDevices() {
        do {
            for (link, isGone) in try Links.events(monitor) {
                guard let interface = byDevice[link.name] else { continue }
                if !isGone {
                    join(interface, seen: link)
                } else if ports[interface]?.index == link.index {
                    leave(interface)
                }
            }
        } catch {
            // Events were lost: look at everything again.
            for interface in ports.keys { join(interface, seen: nil) }
        }
    }

    /// The device is gone; the port waits for another of that name.
    private func leave(_ interface: AgentUUID) {
        guard let port = ports[interface] else { return }
        ports[interface]?.state = .waiting
        ports[interface]?.index = 0
        servers.withdraw(port.plan)
        do {
            try filter.withdraw(port.plan)
        } catch {
            Log.write("\(error)")
        }
    }

    private func report() -> Bytes {
        let drops: [String: [PortFilter.Reason: Int]]
        do {
            drops = try filter.drops()
        } catch {
            return ControlValue.failure("\(error)")
        }
        let values = ports.values.sorted { $0.plan.interface < $1.plan.interface }.map {
            port -> ControlValue in
            .object([
                ("vmi", .text(port.plan.interface.text)),
                ("device", .text(port.plan.device)),
                ("network", .text(port.plan.network.id.text)),
                ("bridge", .text(BridgeName.of(port.plan.network.id))),
                ("state", .text(port.state.name)),
                ("reason", .text(port.state.reason)),
                (
                    "drops",
                    .object(
                        PortFilter.Reason.allCases.map {
                            ($0.rawValue, .number(drops[port.plan.device]?[$0] ?? 0))
                        }
                    )
                ),
            ])
        }
        return ControlValue.success([("ports", .list(values))])
    }
}
