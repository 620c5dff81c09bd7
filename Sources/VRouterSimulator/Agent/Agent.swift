// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The agent's tables and handlers.
///
/// It knows no sockets and no kernel.
final class Agent {
    static let author = "contrail-vrouter-agent"

    var database: NetworkDatabase
    var switches: Switches
    let state: StateFolder
    /// Whether POST /port of type 0 makes a vhost-user port.
    let isDPDK: Bool
    /// Called for a machine's name that nobody knows.
    var provision: (Bytes) -> Void = { _ in }
    /// Called when the ports of the data plane change.
    var emit: (AgentEvent) -> Void = { _ in }
    /// Called when a stale timer must be started, with the version that it cleans below.
    var startStaleTimer: (UInt64) -> Void = { _ in }
    var crash: (AgentCrash) -> Void = { $0.end() }

    var ports: [AgentUUID: PortEntry] = [:]
    var machinePorts: [MachinePortEntry.Key: MachinePortEntry] = [:]
    var interfaces: [AgentUUID: OperationalInterface] = [:]
    var version: UInt64 = 0

    init(database: NetworkDatabase, switches: Switches, state: StateFolder, isDPDK: Bool) {
        self.database = database
        self.switches = switches
        self.state = state
        self.isDPDK = isDPDK
    }

    /// Carries a request out.
    func reply(to request: HTTPRequest) -> HTTPReply {
        guard let call = AgentCall(request) else { return .unknownRequest }
        guard !switches.handlerMissing else { return .unsupported }
        switch call {
        case .addPort: return post { () throws(AgentError) in try addPort(request.body) }
        case .port(let id): return view(of: id).map { HTTPReply(body: $0) } ?? .notFound
        case .deletePort(let id): deletePort(id)
        case .enablePort(let id): return setLink(of: id, up: true)
        case .disablePort(let id): return setLink(of: id, up: false)
        case .sync: sync()
        case .addMachinePort: return post { () throws(AgentError) in try addMachinePort(request.body) }
        case .machinePorts(let machine): return list(machine)
        case .machinePort(let machine, let id): return list(machine, id)
        case .deleteMachinePorts(let machine): deleteMachinePorts(machine)
        case .configuration(let name): return configuration(of: name)
        case .addGateway: return post { () throws(AgentError) in try addGateway(request.body) }
        case .deleteGateway:
            do {
                try deleteGateway(request.body)
            } catch {
                return HTTPReply(error: Bytes("{}"))
            }
        }
        return .empty
    }

    private func post(_ body: () throws(AgentError) -> Void) -> HTTPReply {
        do {
            try body()
            return .empty
        } catch {
            return HTTPReply(error: Bytes("{ ") + error.text + Bytes(" }"))
        }
    }

    /// - Throws: the agent's text for what is not JSON.
    func parse(_ body: Bytes) throws(AgentError) -> AgentJSON {
        var parser = AgentJSONParser(body)
        let json = parser.parse()
        if parser.depth >= 100_000, switches.crashOnDeepJSON { crash(.memory) }
        guard let json else { throw AgentError("Invalid Json string ==> ", echo: body) }
        return json
    }
}
