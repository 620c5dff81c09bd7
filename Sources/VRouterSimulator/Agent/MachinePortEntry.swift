// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What POST /vm left in the agent's table.
struct MachinePortEntry: Sendable {
    /// The key, and the order of the table.
    struct Key: Hashable, Comparable, Sendable {
        let machine: AgentUUID
        let network: AgentUUID
        let interface: AgentUUID

        static func < (left: Key, right: Key) -> Bool {
            (left.machine, left.network, left.interface) < (right.machine, right.network, right.interface)
        }
    }

    let key: Key
    let machineName: Bytes
    let identifier: Bytes
    let device: Bytes
    let guestDevice: Bytes
    let namespace: Bytes
    var version: UInt64
}

extension MachinePortEntry {
    /// - Throws: the text of the agent's error.
    init(_ json: AgentJSON, version: UInt64, deviceCheck: ((Bytes) -> Bool)?) throws(AgentError) {
        let machine = try json.uuid("vm-uuid")
        device = try json.text("host-ifname")
        if let deviceCheck, !deviceCheck(device) { throw AgentError("Interface does not exist in OS") }
        machineName = try json.text("vm-name")
        identifier = json["vm-id"]?.cString ?? []
        guestDevice = json["vm-ifname"]?.cString ?? []
        namespace = json["vm-namespace"]?.cString ?? []
        let network = try json.uuid("vn-uuid")
        key = Key(machine: machine, network: network, interface: try json.uuid("vmi-uuid"))
        self.version = version
    }

    /// The state file.
    func file(author: String, time: String) -> Bytes {
        var json = AgentJSONWriter()
        json.add("vm-uuid", key.machine)
        json.add("vn-uuid", key.network)
        json.add("vmi-uuid", key.interface)
        json.add("vm-id", identifier)
        json.add("vm-name", machineName)
        json.add("host-ifname", device)
        json.add("vm-ifname", guestDevice)
        json.add("vm-namespace", namespace)
        json.add("author", author)
        json.add("time", time)
        return json.finish()
    }
}
