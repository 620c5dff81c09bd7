// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// How configuration reaches the agent: at once, or one interface after another.
extension Simulator {
    func loadConfiguration() {
        for network in configuration.networks { agent.database.add(network) }
        let networks = configuration.networks
        if let network = networks.first(where: { $0.id == configuration.defaultNetwork }) {
            provisioner = Provisioner(network: network)
        }
        for pod in configuration.pods { addPod(pod.machine, pod.interfaces) }
    }

    func provision(_ name: Bytes) {
        guard configuration.autoProvision, !pending.contains(name),
            let (machine, interface) = provisioner?.provision(name: name)
        else {
            return
        }
        madeUp.insert(machine.id)
        addPod(machine, [interface])
    }

    /// Gives a pod what kube-manager would, where it has not got it yet: an interface in the default network.
    ///
    /// A machine that was made up for its name before its UID was known goes.
    ///
    /// - Returns: Whether it has it; not where no address is left.
    func provision(_ pod: VirtualMachine) -> Bool {
        if !agent.database.interfaces(of: pod.id).isEmpty || pending.contains(pod.name) { return true }
        if let former = agent.database.machine(named: pod.name), madeUp.contains(former.id) {
            _ = deletePod(former.id)
        }
        guard let (machine, interface) = provisioner?.provision(name: pod.name, id: pod.id) else {
            return false
        }
        addPod(machine, [interface])
        return true
    }

    func addPod(_ machine: VirtualMachine, _ interfaces: [VirtualInterface]) {
        for interface in interfaces { provisioner?.reserve(interface) }
        if interfaces.isEmpty { agent.database.add(machine) }
        var delay = configuration.firstArrival
        for interface in interfaces {
            if delay == 0 {
                arrive(machine, interface)
            } else {
                pending.insert(machine.name)
                timers.add(milliseconds: delay, .arrive(machine, interface))
            }
            delay += configuration.nextArrival
        }
    }

    func arrive(_ machine: VirtualMachine, _ interface: VirtualInterface) {
        agent.database.add(machine)
        agent.database.add(interface)
        agent.refresh(interface.id)
    }

    func deletePod(_ machine: AgentUUID) -> Bool {
        guard let name = agent.database.machines[machine]?.name else { return false }
        pending.remove(name)
        madeUp.remove(machine)
        timers.removeAll { event in
            guard case .arrive(let other, _) = event else { return false }
            return other.id == machine
        }
        for interface in agent.database.removeMachine(machine, losesName: agent.switches.nameDefect) {
            provisioner?.release(interface)
            agent.refresh(interface.id)
        }
        return true
    }

    /// What has an interface in a network that came or went.
    func setKnown(_ network: AgentUUID, _ isKnown: Bool) {
        agent.database.setKnown(isKnown, network: network)
        for id in agent.interfaces.keys { agent.refresh(id) }
    }
}
