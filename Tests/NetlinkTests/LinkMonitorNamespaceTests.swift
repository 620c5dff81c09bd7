// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Netlink
import TestSupport
import Testing

@Suite struct LinkMonitorNamespaceTests {
    /// Listens in a namespace while commands of ip(8) run there.
    private func events(
        _ commands: [String],
        settle: UInt32 = 100_000
    ) throws -> (seen: [LinkEvent], all: [LinkEvent]) {
        let namespace = try TestNamespace("monitor")
        struct Wrong: Error {
            let what: String
        }
        final class Found: @unchecked Sendable {  // read after the thread's end
            var events: [LinkEvent] = []
            var all: [LinkEvent] = []
            var problem: String? = "the thread did not come so far"
        }
        let found = Found()
        PlainThread {
            let file = clinux_open(namespace.path, O_RDONLY, 0)
            guard file >= 0, clinux_enter_network_namespace(file) == 0 else { return }
            close(file)
            do {
                let monitor = try LinkMonitor()
                guard try monitor.receive().isEmpty else { throw Wrong(what: "an event before the first") }
                for command in commands {
                    let outcome = try TestProgram.run(
                        ["ip", "-n", namespace.name] + command.split(separator: " ").map(String.init)
                    )
                    guard outcome.status == 0 else { throw Wrong(what: outcome.errors) }
                    usleep(settle)
                    found.events += try monitor.receive()
                }
                found.all = try LinkMonitor.all()
                found.problem = nil
            } catch {
                found.problem = "\(error)"
            }
        }.join()
        #expect(found.problem == nil)
        return (found.events, found.all)
    }

    @Test func `making, setting up and down, renaming and removing are seen`() throws {
        let events = try events([
            "link add port1 type veth peer name port2", "link set port1 up", "link set port2 up",
            "link set port1 down", "link set port1 name port3", "link del port3",
        ]).seen
        func last(_ name: String, _ isSo: (LinkEvent) -> Bool) -> Bool {
            events.contains { $0.name == name && isSo($0) }
        }
        #expect(last("port1") { !$0.isGone && !$0.isUp })
        #expect(last("port1") { $0.isUp && !$0.isRunning })
        #expect(last("port1") { $0.isUp && $0.isRunning })
        #expect(last("port2") { $0.isUp && !$0.isRunning })
        let index = try #require(events.first { $0.name == "port1" }?.index)
        #expect(last("port3") { !$0.isGone && $0.index == index })
        #expect(events.last { $0.index == index }?.isGone == true)
    }

    @Test func `a device that leaves a bridge is not gone`() throws {
        let (events, all) = try events([
            "link add br0 type bridge", "link add port1 type veth peer name port2",
            "link set port1 master br0",
            "link set port1 nomaster",
        ])
        #expect(events.contains { $0.name == "port1" })
        #expect(!events.contains { $0.name == "port1" && $0.isGone })
        let names = Set(all.map(\.name))
        #expect(names.isSuperset(of: ["lo", "br0", "port1", "port2"]))
        #expect(all.allSatisfy { $0.isUp == ($0.name == "lo") && !$0.isGone })
    }
}
