// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What GET shows.
extension Agent {
    /// The operational view; none while the configuration or an address of the network's subnets is missing.
    func view(of id: AgentUUID) -> Bytes? {
        guard let configuration = database.interfaces[id],
            let interface = interfaces[id] ?? subInterface(configuration),
            let network = database.network(of: configuration), database.machines[configuration.machine] != nil
        else { return nil }
        let v4 = configuration.v4 ?? interface.v4
        let v6 = configuration.v6 ?? interface.v6
        let subnet4 = network.v4.flatMap { $0.subnet.contains(v4.bytes) ? $0 : nil }
        let subnet6 = network.v6.flatMap { $0.subnet.contains(v6.bytes) ? $0 : nil }
        guard subnet4 != nil || subnet6 != nil else { return nil }
        var json = AgentJSONWriter()
        json.add("id", id)
        json.add("instance-id", configuration.machine)
        json.add("vn-id", network.id)
        json.add("vm-project-id", interface.project)
        json.add("mac-address", (AgentMAC(lenient: configuration.mac) ?? interface.mac ?? .zero).text)
        json.add("system-name", interface.device)
        let tag = database.carrier(of: configuration) == nil ? 65535 : configuration.vlanTag
        json.add("rx-vlan-id", tag)
        json.add("tx-vlan-id", tag)
        json.add("vhostuser-mode", Int(interface.vhostUserMode))
        if let subnet4 {
            json.add("ip-address", v4.text)
            json.add("plen", subnet4.subnet.length)
            json.add("dns-server", IPv4(bytes: subnet4.dns).text)
            json.add("gateway", IPv4(bytes: subnet4.gateway).text)
        }
        if let subnet6 {
            json.add("v6-ip-address", v6.text)
            json.add("v6-dns-server", IPv6(bytes: subnet6.dns).text)
            json.add("v6-gateway", IPv6(bytes: subnet6.gateway).text)
        }
        json.add("author", Self.author)
        json.add("time", AgentClock.now())
        return json.finish()
    }

    /// What the agent makes of a VLAN sub-interface without being told (`BuildParentInfo` in
    /// vm_interface.cc): the configuration is enough.
    private func subInterface(_ configuration: VirtualInterface) -> OperationalInterface? {
        database.carrier(of: configuration).map { _ in
            OperationalInterface(id: configuration.id, device: [])
        }
    }

    /// The configuration's view; none while the network is not known.
    func configurationView(of interface: VirtualInterface) -> Bytes? {
        guard let network = database.network(of: interface) else { return nil }
        var json = AgentJSONWriter()
        json.add("id", interface.id)
        json.add("vm-uuid", interface.machine)
        json.add("vn-id", network.id)
        json.add("vn-name", network.name)
        json.add("mac-address", interface.mac)
        json.add("sub-interface", interface.showsParent)
        json.add("vlan-id", interface.vlanTag)
        if !interface.annotations.isEmpty {
            json.add(
                "annotations",
                interface.annotations.map { Bytes("{") + $0.key + Bytes(":") + $0.value + Bytes("}") }
            )
        }
        return json.finish()
    }
}
