// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// /port and its relatives.
extension Agent {
    /// POST /port.
    ///
    /// An array's errors are swallowed: nothing is added then, and nobody is told.
    func addPort(_ body: Bytes, fromFile: Bool = false) throws(AgentError) {
        let json = try parse(body)
        switch json {
        case .object: add(try port(json, fromFile), fromFile)
        case .array(let elements):
            var entries: [PortEntry] = []
            for element in elements {
                guard case .object = element else { return }
                do throws(AgentError) {
                    entries.append(try port(element, fromFile))
                } catch {
                    return
                }
            }
            for entry in entries { add(entry, fromFile) }
        default: throw AgentError("Unexpected Json string ==> ", echo: body)
        }
    }

    private func port(_ json: AgentJSON, _ fromFile: Bool) throws(AgentError) -> PortEntry {
        try PortEntry(json, version: version, deviceCheck: fromFile ? deviceCheck : nil)
    }

    /// What is loaded must have its device, but not on a DPDK node.
    var deviceCheck: ((Bytes) -> Bool)? {
        isDPDK ? nil : { if_nametoindex($0.terminated) != 0 }
    }

    private func add(_ entry: PortEntry, _ fromFile: Bool) {
        if !fromFile, state.write(entry, time: AgentClock.now()) == .failed { return }
        if let old = ports[entry.interface] {
            if old.machine == entry.machine {
                ports[entry.interface]?.version = entry.version
                return
            }
            removeInterface(entry.interface)
        }
        ports[entry.interface] = entry
        let interface = OperationalInterface(
            id: entry.interface,
            device: entry.device,
            project: entry.project,
            mac: AgentMAC(lenient: entry.mac),
            v4: entry.v4,
            v6: entry.v6,
            vhostUserMode: entry.vhostUserMode,
            isUserspace: isDPDK && entry.kind == .machine
        )
        addInterface(interface)
    }

    /// DELETE /port.
    func deletePort(_ id: AgentUUID) {
        guard !id.isZero else { return }
        if ports.removeValue(forKey: id) != nil { removeInterface(id) }
        state.removePort(id)
    }

    /// PUT /enable-port and /disable-port: only for remote ports.
    func setLink(of id: AgentUUID, up: Bool) -> HTTPReply {
        guard !id.isZero, var entry = ports[id] else {
            return HTTPReply(error: Bytes("{Port Not found \(id.text)}"))
        }
        guard entry.kind == .remote else {
            return HTTPReply(error: Bytes("{Incorrect Port type for \(id.text)}"))
        }
        if (entry.linkState != 0) != up {
            entry.linkState = up ? 1 : 0
            ports[id] = entry
            _ = state.write(entry, time: AgentClock.now(), overwrite: true)
        }
        return .empty
    }

    // MARK: Interfaces

    /// An interface that exists keeps its device.
    func addInterface(_ interface: OperationalInterface) {
        guard interfaces[interface.id] == nil else { return }
        interfaces[interface.id] = interface
        refresh(interface.id)
    }

    func removeInterface(_ id: AgentUUID) {
        guard interfaces.removeValue(forKey: id) != nil else { return }
        emit(.detach(id))
    }

    /// Tells the data plane what is to be said of an interface by now.
    func refresh(_ id: AgentUUID) {
        guard let interface = interfaces[id], !interface.isUserspace else { return }
        guard let configuration = database.interfaces[id], let network = database.network(of: configuration),
            let mac = AgentMAC(lenient: configuration.mac) ?? interface.mac
        else {
            emit(.detach(id))
            return
        }
        let name = database.machines[configuration.machine]?.name ?? []
        emit(
            .attach(
                PortPlan(
                    interface: id,
                    device: interface.device.text,
                    network: network,
                    mac: mac,
                    v4: configuration.v4 ?? (interface.v4 == .zero ? nil : interface.v4),
                    v6: configuration.v6 ?? (interface.v6 == .zero ? nil : interface.v6),
                    hostName: PodName(name)?.pod ?? ""
                )
            )
        )
    }
}
