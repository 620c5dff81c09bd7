// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The calls of the API.
///
/// Paths are matched whole, and UUIDs only in lower case.
enum AgentCall: Equatable, Sendable {
    case addPort
    case port(AgentUUID)
    case deletePort(AgentUUID)
    case enablePort(AgentUUID)
    case disablePort(AgentUUID)
    case sync
    case addMachinePort
    case machinePorts(AgentUUID)
    case machinePort(AgentUUID, AgentUUID)
    case deleteMachinePorts(AgentUUID)
    case configuration(Bytes)
    case addGateway
    case deleteGateway

    init?(_ request: HTTPRequest) {
        let path = request.path
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        guard path.first == UInt8(ascii: "/"), let first = parts.first else { return nil }
        let ids = parts.dropFirst().map { AgentUUID(canonical: $0) }
        switch (request.method, Bytes(first).text, ids.count) {
        case ("POST", "port", 0): self = .addPort
        case ("POST", "syncports", 0): self = .sync
        case ("POST", "gateway", 0): self = .addGateway
        case ("DELETE", "gateway", 0): self = .deleteGateway
        case ("POST", "vm", 0): self = .addMachinePort
        case ("GET", "vm-cfg", 1...): self = .configuration(Bytes(path.dropFirst("/vm-cfg/".utf8.count)))
        case (let method, let noun, 1):
            guard let id = ids[0], let call = Self.call(method, noun, id) else { return nil }
            self = call
        case ("GET", "vm", 2):
            guard let machine = ids[0], let id = ids[1] else { return nil }
            self = .machinePort(machine, id)
        default: return nil
        }
    }

    private static func call(_ method: String, _ noun: String, _ id: AgentUUID) -> AgentCall? {
        switch (method, noun) {
        case ("GET", "port"): .port(id)
        case ("DELETE", "port"): .deletePort(id)
        case ("PUT", "enable-port"): .enablePort(id)
        case ("PUT", "disable-port"): .disablePort(id)
        case ("GET", "vm"): .machinePorts(id)
        case ("DELETE", "vm"): .deleteMachinePorts(id)
        default: nil
        }
    }
}
