// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Netlink
import TestSupport
import Testing

@Suite struct LinkMonitorNamespaceTests {
    /// Listens in a namespace while commands of ip(8) run there.
    private func events(_ commands: [String], settle: UInt32 = 100_000) throws -> [LinkEvent] {
        let namespace = try TestNamespace("monitor")
        final class Found: @unchecked Sendable {  // read after the thread's end
            var events: [LinkEvent] = []
            var problem: String?
        }
        let found = Found()
        PlainThread {
            let file = clinux_open(namespace.path, O_RDONLY, 0)
            guard file >= 0, clinux_enter_network_namespace(file) == 0 else { return }
            close(file)
            do {
                let monitor = try LinkMonitor()
                guard try monitor.receive().isEmpty else { throw Absent() }
                for command in commands {
                    try TestProgram.run(
                        ["ip", "-n", namespace.name] + command.split(separator: " ").map(String.init)
                    )
                    usleep(settle)
                    found.events += try monitor.receive()
                }
            } catch {
                found.problem = "\(error)"
            }
        }.join()
        #expect(found.problem == nil)
        return found.events
    }

    @Test func `making, setting up and down, renaming and removing are seen`() throws {
        let events = try events([
            "link add a type veth peer name b", "link set a up", "link set b up", "link set a down",
            "link set a name c", "link del c",
        ])
        func last(_ name: String, _ isSo: (LinkEvent) -> Bool) -> Bool { events.contains { $0.name == name && isSo($0) } }
        #expect(last("a") { !$0.isGone && !$0.isUp })
        #expect(last("a") { $0.isUp && !$0.isRunning })
        #expect(last("a") { $0.isUp && $0.isRunning })
        #expect(last("b") { $0.isUp && !$0.isRunning })
        let index = try #require(events.first { $0.name == "a" }?.index)
        #expect(last("c") { !$0.isGone && $0.index == index })
        #expect(events.last { $0.index == index }?.isGone == true)
    }

    @Test func `a device that leaves a bridge is not gone`() throws {
        let events = try events([
            "link add br type bridge", "link add a type veth peer name b", "link set a master br",
            "link set a nomaster",
        ])
        #expect(events.contains { $0.name == "a" })
        #expect(!events.contains { $0.name == "a" && $0.isGone })
    }
}
