// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The control socket, which the real agent does not have.
extension Simulator {
    func receiveControl(_ bytes: ArraySlice<UInt8>, _ number: UInt64, _ channel: Channel) {
        channel.line += bytes
        while let end = channel.line.firstIndex(of: 0x0a), !channel.isClosed {
            let line = Bytes(channel.line[..<end])
            channel.line.removeFirst(end + 1)
            do throws(ConfigurationError) {
                let command = try ControlCommand(line, networks: Array(agent.database.networks.values))
                if let reply = try carryOut(command, number) { channel.send(reply) }
            } catch {
                channel.send(ControlValue.failure(error.description))
            }
        }
        if channel.line.count > 1 << 20 { channel.close() }
    }

    /// - Returns: none if the data plane will reply.
    private func carryOut(_ command: ControlCommand, _ number: UInt64) throws(ConfigurationError) -> Bytes? {
        switch command {
        case .statistics: return ControlValue.success([("statistics", statisticsValue)])
        case .resetStatistics: statistics = Statistics()
        case .ports:
            guard let dataPlane else { return ControlValue.success([("ports", .list([]))]) }
            dataPlane.reportPorts { [mailbox] line in mailbox.post(.controlReply(number, line)) }
            return nil
        case .set(let name, let value): try set(name, to: value)
        case .addFault(let fault): faults.append(fault)
        case .clearFaults: faults = []
        case .addPod(let pod) where pod.namesInterfaces: addPod(pod.machine, pod.interfaces)
        case .addPod(let pod):
            guard provision(pod.machine) else {
                throw ConfigurationError("pod", "the default network is missing, or has no address left")
            }
            let known = agent.database.machines[pod.machine.id] ?? pod.machine
            return ControlValue.success([("pod", podValue(known))])
        case .deletePod(let id):
            guard deletePod(id) else { throw ConfigurationError("uuid", "no such pod") }
        case .pod(let name):
            guard let machine = agent.database.machine(named: name) else {
                throw ConfigurationError("name", "no such pod")
            }
            return ControlValue.success([("pod", podValue(machine))])
        case .setKnown(let network, let isKnown): setKnown(network, isKnown)
        case .touch(let id):
            for interface in agent.database.interfaces(of: id) { agent.database.add(interface) }
        }
        return ControlValue.success()
    }

    private func set(_ name: String, to value: Bool) throws(ConfigurationError) {
        guard agent.switches.set(name, to: value) else {
            throw ConfigurationError("switch", "\(name) is not a switch")
        }
        do {
            try followSwitches()
        } catch {
            throw ConfigurationError("switch", "\(error)")
        }
        dataPlane?.post(agent.switches)
    }

    private var statisticsValue: ControlValue {
        guard case .object(let members) = statistics.controlValue else { return statistics.controlValue }
        return .object(
            members + [
                ("connections", .number(channels.values.count { $0.kind == .api })),
                ("ports", .number(agent.ports.count)),
                ("machinePorts", .number(agent.machinePorts.count)),
                ("interfaces", .number(agent.interfaces.count)),
                ("pods", .number(agent.database.machines.count)),
            ]
        )
    }

    private func podValue(_ machine: VirtualMachine) -> ControlValue {
        let interfaces = agent.database.interfaces(of: machine.id).map { interface -> ControlValue in
            var members: [(String, ControlValue)] = [
                ("vmi", .text(interface.id.text)),
                ("network", .text(interface.network.text)),
                ("mac", .text(interface.mac.text)),
            ]
            if let address = interface.v4 { members.append(("v4", .text(address.text))) }
            if let address = interface.v6 { members.append(("v6", .text(address.text))) }
            return .object(members)
        }
        return .object([
            ("uuid", .text(machine.id.text)), ("name", .text(machine.name.text)),
            ("interfaces", .list(interfaces)),
        ])
    }
}
