// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What the agent has learnt from the controller.
struct NetworkDatabase {
    private(set) var networks: [AgentUUID: VirtualNetwork] = [:]
    private(set) var machines: [AgentUUID: VirtualMachine] = [:]
    private(set) var interfaces: [AgentUUID: VirtualInterface] = [:]
    private var names: [Bytes: AgentUUID] = [:]

    mutating func add(_ network: VirtualNetwork) {
        networks[network.id] = network
    }

    mutating func setKnown(_ isKnown: Bool, network: AgentUUID) {
        networks[network]?.isKnown = isKnown
    }

    /// A name goes to the machine that came last.
    mutating func add(_ machine: VirtualMachine) {
        if machines[machine.id] == nil { machines[machine.id] = machine }
        names[machine.name] = machine.id
    }

    /// Adds or changes an interface.
    ///
    /// Its machine must be known.
    mutating func add(_ interface: VirtualInterface) {
        var interface = interface
        interface.showsParent = interfaces[interface.id]?.parent != nil
        interfaces[interface.id] = interface
        guard var list = machines[interface.machine]?.interfaces, !list.contains(interface.id) else { return }
        list.append(interface.id)
        list.sort()
        machines[interface.machine]?.interfaces = list
    }

    /// With `losesName` the name goes with any machine that bore it, also with a former one: the agent's defect.
    ///
    /// - Returns: the interfaces that went with it.
    @discardableResult
    mutating func removeMachine(_ id: AgentUUID, losesName: Bool) -> [VirtualInterface] {
        guard let machine = machines.removeValue(forKey: id) else { return [] }
        if losesName || names[machine.name] == id { names[machine.name] = nil }
        return machine.interfaces.compactMap { interfaces.removeValue(forKey: $0) }
    }

    func machine(named name: Bytes) -> VirtualMachine? {
        names[name].flatMap { machines[$0] }
    }

    /// The configured interfaces of a machine, in the agent's order.
    func interfaces(of machine: AgentUUID) -> [VirtualInterface] {
        machines[machine]?.interfaces.compactMap { interfaces[$0] } ?? []
    }

    /// The interface that carries a VLAN sub-interface; none for one without a tag, and where the parent is not
    /// known or a sub-interface itself.
    func carrier(of interface: VirtualInterface) -> VirtualInterface? {
        guard !Self.isUntagged(interface), let parent = interface.parent.flatMap({ interfaces[$0] }),
            Self.isUntagged(parent)
        else { return nil }
        return parent
    }

    private static func isUntagged(_ interface: VirtualInterface) -> Bool {
        interface.vlanTag == 0 || interface.vlanTag == 65535
    }

    /// The network of an interface, once the agent knows it.
    func network(of interface: VirtualInterface) -> VirtualNetwork? {
        networks[interface.network].flatMap { $0.isKnown ? $0 : nil }
    }
}
