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
    private var ports: [AgentUUID: Port] = [:]
    private var byDevice: [String: AgentUUID] = [:]

    init(_ configuration: Configuration, _ commands: Queue<DataPlane.Command>) throws {
        self.commands = commands
        links = try Links()
        monitor = try Links.monitor()
        bridges = Bridges(links)
        try bridges.removeLeftovers()
    }

    func run() {
        while true {
            var polled = [
                pollfd(fd: commands.readEnd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: monitor.fd, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) > 0 else { continue }
            if polled[1].revents != 0 { followDevices() }
            for command in commands.take() {
                switch command {
                case .agent(.attach(let plan)): attach(plan)
                case .agent(.detach(let interface)): detach(interface)
                case .switches: break
                case .report(let reply): reply(report())
                case .stop: return
                }
            }
        }
    }

    func removeAll() {
        for interface in ports.keys { detach(interface) }
        bridges.removeAll()
    }

    // MARK: Ports

    private func attach(_ plan: PortPlan) {
        detach(plan.interface)
        ports[plan.interface] = Port(plan: plan)
        byDevice[plan.device] = plan.interface
        join(plan.interface, seen: nil)
    }

    private func detach(_ interface: AgentUUID) {
        guard let port = ports.removeValue(forKey: interface) else { return }
        if byDevice[port.plan.device] == interface { byDevice[port.plan.device] = nil }
        guard case .attached = port.state else { return }
        do {
            if let link = try links.find(port.plan.device), link.index == port.index {
                try links.setMaster(link, to: 0)
            }
        } catch {
            Log.write("\(error)")
        }
    }

    /// Joins a port's device to its network's bridge, if there is one by now.
    private func join(_ interface: AgentUUID, seen: Link?) {
        guard var port = ports[interface] else { return }
        do {
            guard let link = try seen ?? links.find(port.plan.device) else { return }
            let bridge = try bridges.bridge(for: port.plan.network)
            if link.master == bridge.index, port.index == link.index {
                port.state = .attached(isRunning: link.isRunning)
            } else if link.master != 0 {
                port.state = .refused("device has a master")
            } else {
                port.index = link.index
                try links.setMaster(link, to: bridge.index)
                port.state = .attached(isRunning: link.isRunning)
            }
        } catch {
            port.state = .refused("\(error)")
            Log.write("\(error)")
        }
        ports[interface] = port
    }

    private func followDevices() {
        do {
            for (link, isGone) in try Links.events(monitor) {
                guard let interface = byDevice[link.name] else { continue }
                if !isGone {
                    join(interface, seen: link)
                } else if ports[interface]?.index == link.index {
                    ports[interface]?.state = .waiting
                    ports[interface]?.index = 0
                }
            }
        } catch {
            // Events were lost: look at everything again.
            for interface in ports.keys { join(interface, seen: nil) }
        }
    }

    private func report() -> Bytes {
        let values = ports.values.sorted { $0.plan.interface < $1.plan.interface }.map {
            port -> ControlValue in
            .object([
                ("vmi", .text(port.plan.interface.text)),
                ("device", .text(port.plan.device)),
                ("network", .text(port.plan.network.id.text)),
                ("bridge", .text(BridgeName.of(port.plan.network.id))),
                ("state", .text(port.state.name)),
                ("reason", .text(port.state.reason)),
            ])
        }
        return ControlValue.success([("ports", .list(values))])
    }
}
