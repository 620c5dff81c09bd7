// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// /vm.
extension Agent {
    /// POST /vm: one object only.
    func addMachinePort(_ body: Bytes, fromFile: Bool = false) throws(AgentError) {
        let json = try parse(body)
        guard case .object = json else { throw AgentError("Unexpected Json string ==> ", echo: body) }
        let entry = try MachinePortEntry(json, version: version, deviceCheck: fromFile ? deviceCheck : nil)
        if !fromFile {
            switch state.write(entry, time: AgentClock.now()) {
            case .written, .kept: break
            case .failed: return
            case .fatal:
                if switches.crashOnStateFileError { crash(.assertion) }
                return
            }
        }
        if machinePorts[entry.key] != nil {
            machinePorts[entry.key]?.version = entry.version
        } else {
            machinePorts[entry.key] = entry
        }
        guard !entry.key.interface.isZero else { return }
        addInterface(OperationalInterface(id: entry.key.interface, device: entry.device))
    }

    /// DELETE /vm: the interfaces are those of the configuration, not those that were posted.
    func deleteMachinePorts(_ machine: AgentUUID) {
        guard !machine.isZero else { return }
        let configured = database.interfaces(of: machine)
        guard !configured.isEmpty else { return }
        for interface in configured {
            let key = MachinePortEntry.Key(
                machine: machine,
                network: interface.network,
                interface: interface.id
            )
            if machinePorts.removeValue(forKey: key) != nil { removeInterface(interface.id) }
        }
        state.removeMachine(machine)
    }

    /// GET /vm/<machine>: all configured interfaces, or none at all while one is not ready.
    func list(_ machine: AgentUUID) -> HTTPReply {
        guard !machine.isZero else { return .notFound }
        return Self.array(database.interfaces(of: machine).map { view(of: $0.id) })
    }

    /// GET /vm/<machine>/<interface>: the machine is not looked at, but must not be nil.
    func list(_ machine: AgentUUID, _ interface: AgentUUID) -> HTTPReply {
        machine.isZero ? .notFound : Self.array([view(of: interface)])
    }

    /// GET /vm-cfg/<name>.
    func configuration(of name: Bytes) -> HTTPReply {
        if database.machine(named: name) == nil { provision(name) }
        guard let machine = database.machine(named: name), !machine.id.isZero else { return .notFound }
        return Self.array(database.interfaces(of: machine.id).map(configurationView))
    }

    /// Elements joined as the agent joins them; none is shown while one is missing.
    private static func array(_ elements: [Bytes?]) -> HTTPReply {
        var body = Bytes("[")
        for element in elements {
            guard let element else { return .notFound }
            if body.count > 1 { body.append(UInt8(ascii: ",")) }
            body += element
        }
        guard body.count > 1 else { return .notFound }
        body.append(UInt8(ascii: "]"))
        return HTTPReply(body: body)
    }
}
