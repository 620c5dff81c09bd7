// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The address servers of the networks that have ports.
final class AddressServers {
    private let runDirectory: String
    private var switches: Switches
    private var servers: [AgentUUID: AddressServer] = [:]

    init(runDirectory: String, switches: Switches) {
        self.runDirectory = runDirectory
        self.switches = switches
    }

    /// For poll(2): readable when a server says something or ends.
    var descriptors: [Int32] { servers.values.filter { !$0.isBroken }.map(\.child.errors) }

    /// Serves a port; its network's bridge must be there.
    func serve(_ plan: PortPlan) throws {
        let id = plan.network.id
        if servers[id] == nil {
            servers[id] = try AddressServer(
                plan.network,
                bridge: BridgeName.of(id),
                runDirectory: runDirectory,
                switches: switches
            )
        }
        servers[id]?.serve(plan)
    }

    func withdraw(_ plan: PortPlan) {
        servers[plan.network.id]?.withdraw(plan)
    }

    /// Passes on what the servers say, and starts those again that have ended.
    func check() {
        for server in servers.values {
            for line in server.child.readErrors().split(separator: 0x0a).map({ Bytes($0).text })
            where Self.isComplaint(line) {
                Log.write(line)
            }
            if server.child.hasEnded { attempt { try server.revive(switches) } }
        }
    }

    func follow(_ switches: Switches) {
        guard switches != self.switches else { return }
        self.switches = switches
        for server in servers.values { attempt { try server.restart(switches) } }
    }

    func removeAll() {
        for server in servers.values { server.remove() }
        servers = [:]
    }

    /// dnsmasq also tells what it reads and how it was built.
    private static func isComplaint(_ line: String) -> Bool {
        ["warning", "error", "fail", "cannot", "bad", "illegal", "duplicate", "inappropriate"].contains {
            line.lowercased().contains($0) && !line.contains("no upstream servers")
        }
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            Log.write("\(error)")
        }
    }
}
