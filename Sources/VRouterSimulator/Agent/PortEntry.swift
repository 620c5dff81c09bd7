// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What POST /port left in the agent's table.
struct PortEntry: Sendable {
    enum Kind: Int, Sendable {
        case machine = 0
        case namespace = 1
        case remote = 2
    }

    let interface: AgentUUID
    let machine: AgentUUID
    let network: AgentUUID
    let project: AgentUUID
    let machineName: Bytes
    let v4: IPv4
    let v6: IPv6
    let kind: Kind
    let device: Bytes
    /// As it was sent.
    let mac: Bytes
    let rxVLAN: UInt16
    let txVLAN: UInt16
    let vhostUserMode: UInt8
    var linkState: UInt8
    var version: UInt64
}

extension PortEntry {
    /// Reads the fields in the agent's order, with the agent's leniency.
    ///
    /// - Throws: the text of the agent's error.
    init(_ json: AgentJSON, version: UInt64, deviceCheck: ((Bytes) -> Bool)?) throws(AgentError) {
        interface = try json.uuid("id")
        machine = try json.uuid("instance-id")
        network = try json.uuid("vn-id")
        project = try json.uuid("vm-project-id")
        machineName = try json.text("display-name")
        v4 = try IPv4(json.text("ip-address")) ?? .zero
        v6 = try IPv6(json.text("ip6-address")) ?? .zero
        kind = Kind(rawValue: Int(try json.number("type"))) ?? .machine
        if kind == .machine, network.isZero { throw AgentError("Invalid VN uuid") }
        device = try json.text("system-name")
        if kind != .remote, let deviceCheck, !deviceCheck(device) {
            throw AgentError("Interface does not exist in OS")
        }
        mac = try json.text("mac-address")
        guard AgentMAC(lenient: mac) != nil else {
            throw AgentError("Invalid MAC, Use xx:xx:xx:xx:xx:xx format")
        }
        let rx = try json.number("rx-vlan-id")
        let tx = try json.number("tx-vlan-id")
        if rx != 65535, tx == 65534 {
            throw AgentError("Invalid request. RX (isolated) vlan set, but TX vlan not set")
        }
        rxVLAN = UInt16(truncatingIfNeeded: rx)
        txVLAN = UInt16(truncatingIfNeeded: tx)
        vhostUserMode = UInt8(truncatingIfNeeded: json["vhostuser-mode"]?.integer ?? 0)
        linkState = UInt8(truncatingIfNeeded: json["link-state"]?.integer ?? (kind == .remote ? 0 : 1))
        self.version = version
    }

    /// The state file.
    func file(author: String, time: String) -> Bytes {
        var json = AgentJSONWriter()
        json.add("id", interface)
        json.add("instance-id", machine)
        json.add("display-name", machineName)
        json.add("ip-address", v4.text)
        json.add("ip6-address", v6.text)
        json.add("vn-id", network)
        json.add("vm-project-id", project)
        json.add("mac-address", mac)
        json.add("system-name", device)
        json.add("type", kind.rawValue)
        json.add("rx-vlan-id", Int(rxVLAN))
        json.add("tx-vlan-id", Int(txVLAN))
        json.add("vhostuser-mode", Int(vhostUserMode))
        if kind == .remote { json.add("link-state", Int(linkState)) }
        json.add("author", author)
        json.add("time", time)
        return json.finish()
    }
}
