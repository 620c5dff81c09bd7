// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import VRouterSimulator

/// The data plane in the kernel.
@Suite(.serialized, .enabled(if: Namespace.isPossible, "needs root, for network namespaces"))
struct DataPlaneNamespaceTests {
    private static func configuration() -> Configuration {
        var configuration = Configuration.sample()
        configuration.dataPlane = true
        configuration.autoProvision = true
        configuration.defaultNetwork = configuration.networks.first?.id
        return configuration
    }

    private static func start(_ configuration: Configuration = configuration()) throws -> StandIn {
        try StandIn(configuration) { folder in
            guard chmod(folder, 0o755) == 0 else { throw SystemError("chmod", folder) }
        }
    }

    private static func ready(_ name: String, _ standIn: StandIn) throws -> TestPod {
        let pod = try TestPod(name, standIn)
        try pod.makeDevice()
        try pod.post(to: standIn)
        try Namespace.wait(for: "the port") { try pod.state(standIn) == "active " }
        return pod
    }

    @Test("A port joins its network's bridge, reaches gateway and neighbours, and leaves on DELETE")
    func life() throws {
        try Namespace.run {
            let standIn = try Self.start()
            let first = try Self.ready("one", standIn)
            let second = try Self.ready("two", standIn)
            for address in ["10.47.255.254", "fd00:47::fe", second.v4, second.v6] {
                try Namespace.check(try first.pings(address), address)
            }
            let neighbours = try first.inside("ip neigh")
            try Namespace.check(
                neighbours.contains("10.47.255.254 dev eth0 lladdr 00:00:5e:00:01:00"),
                neighbours
            )
            try Namespace.check(try standIn.request("DELETE", "/vm/\(first.machine)") == .ok, "DELETE")
            try Namespace.wait(for: "the end of the port") { try first.state(standIn) == "absent" }
            try Namespace.check(
                try !Namespace.shell("ip link show \(first.device)").contains("master"),
                "master"
            )
        }
    }

    @Test("Everything is gone after the end")
    func end() throws {
        try Namespace.run {
            var standIn: StandIn? = try Self.start()
            let pod = try standIn.map { try Self.ready("one", $0) }
            try Namespace.check(try Namespace.shell("ip link").contains("vrs-"), "a bridge")
            standIn = nil
            try Namespace.check(try !Namespace.shell("ip link").contains("vrs-"), "no bridge")
            try Namespace.check(try Namespace.shell("nft list ruleset").isEmpty, "no rules")
            withExtendedLifetime(pod) {}
        }
    }

    @Test("A device may come late, go and come again")
    func late() throws {
        try Namespace.run {
            let standIn = try Self.start()
            let pod = try TestPod("late", standIn)
            try pod.post(to: standIn)
            try Namespace.check(try pod.state(standIn) == "inactive no-dev", try pod.state(standIn))
            for _ in 0..<2 {
                try pod.makeDevice()
                try Namespace.wait(for: "the device") { try pod.state(standIn) == "active " }
                try Namespace.check(try pod.pings("10.47.255.254"), "gateway")
                try Namespace.shell("ip link del \(pod.device)")
                try Namespace.wait(for: "its end") { try pod.state(standIn) == "inactive no-dev" }
            }
        }
    }

    @Test("The node does not answer for a gateway on a device that is no port yet")
    func early() throws {
        try Namespace.run {
            let standIn = try Self.start()
            // Its bridge has the gateway's address, so the node has it.
            let first = try Self.ready("first", standIn)
            let late = try TestPod("late", standIn)
            try late.makeDevice()
            // Linux would answer with the device's own MAC, and the pod would keep it.
            try Namespace.check(try !late.pings("10.47.255.254"), "a device that is not a port")
            let none = try late.inside("ip neigh show 10.47.255.254")
            try Namespace.check(!none.contains("lladdr"), none)
            try late.post(to: standIn)
            try Namespace.wait(for: "the port") { try late.state(standIn) == "active " }
            // The question before, which still runs, is repeated once a second.
            try late.inside("ip neigh flush dev eth0")
            try Namespace.check(try late.pings("10.47.255.254"), "gateway")
            let known = try late.inside("ip neigh show 10.47.255.254")
            try Namespace.check(known.contains("lladdr 00:00:5e:00:01:00"), known)
            withExtendedLifetime(first) {}
        }
    }

    @Test("A device with a master is refused, though the API says 200")
    func master() throws {
        try Namespace.run {
            let standIn = try Self.start()
            let pod = try TestPod("slave", standIn)
            try pod.makeDevice()
            try Namespace.shell("ip link add other type bridge; ip link set \(pod.device) master other")
            try pod.post(to: standIn)
            try Namespace.check(
                try pod.state(standIn) == "inactive device has a master",
                try pod.state(standIn)
            )
        }
    }

    @Test("A tap that nobody reads is inactive")
    func tap() throws {
        try Namespace.run {
            let standIn = try Self.start()
            let pod = try TestPod("tap", standIn)
            try Namespace.shell("ip tuntap add \(pod.device) mode tap; ip link set \(pod.device) up")
            try pod.post(to: standIn)
            try Namespace.check(try pod.state(standIn) == "inactive os-state-down", try pod.state(standIn))
        }
    }

    @Test("Frames with a foreign MAC or address are dropped and counted")
    func spoofing() throws {
        try Namespace.run {
            let standIn = try Self.start()
            let pod = try Self.ready("spoof", standIn)
            let other = try Self.ready("other", standIn)
            try pod.inside("ip addr add 10.47.9.9/12 dev eth0; ip addr add fd00:47::9:9/64 dev eth0 nodad")
            try Namespace.check(try !pod.pings(other.v4, "-I 10.47.9.9"), "a foreign ARP sender")
            try Namespace.check(try pod.drops("arp", standIn) > 0, "counted as ARP")
            // The kernel still asks for its neighbour with the foreign address.
            try Namespace.wait(for: "its own address") { try pod.pings(other.v4) }
            try Namespace.check(try !pod.pings(other.v4, "-I 10.47.9.9"), "a foreign IPv4 address")
            try Namespace.check(try pod.drops("ipv4", standIn) > 0, "counted as IPv4")
            try Namespace.check(try pod.pings(other.v6, "-I \(pod.v6)"), "its own IPv6 address")
            try Namespace.check(try !pod.pings(other.v6, "-I fd00:47::9:9"), "a foreign IPv6 address")
            try Namespace.check(try !other.pings("fd00:47::9:9"), "an advertisement of a foreign address")
            try Namespace.check(try pod.drops("ipv6", standIn) > 0, "counted as IPv6")
            try pod.inside("ip link set eth0 address 02:00:00:00:00:99")
            try Namespace.check(try !pod.pings(other.v4), "a foreign MAC")
            try Namespace.check(try pod.drops("mac", standIn) > 0, "counted as MAC")
            try Namespace.check(try other.drops("mac", standIn) == 0, "not the other's")
        }
    }

    @Test("Ports of different networks do not see each other")
    func networks() throws {
        try Namespace.run {
            var configuration = Self.configuration()
            configuration.pods = []
            let standIn = try Self.start(configuration)
            let first = try Self.ready("first", standIn)
            let pod = """
                {"command":"add-pod","pod":{"name":"second","uuid":"\(Sample.vm)","interfaces":[{"network":\
                "\(Sample.secondVN)","vmi":"\(Sample.vmi)","v4":"10.47.3.3","v6":"fd00:47::33"}]}}
                """
            try Namespace.check(try standIn.control(pod) == "{\"ok\":true}\n", "add-pod")
            let second = try Self.ready("second", standIn)
            try Namespace.check(try !first.pings(second.v4), "IPv4")
            try Namespace.check(try !first.pings(second.v6), "IPv6")
        }
    }

    @Test("DHCP is served from a folder that others may not enter, too")
    func closedFolder() throws {
        try Namespace.run {
            let standIn = try StandIn(Self.configuration())
            let pod = try Self.ready("closed", standIn)
            try Namespace.check(try pod.getsLease(), "a lease")
        }
    }

    @Test("DHCP gives a port its address until it is withdrawn, and is silent when a switch says so")
    func dhcp() throws {
        try Namespace.run {
            let standIn = try Self.start()
            let pod = try Self.ready("dhcp", standIn)
            try Namespace.check(try pod.getsLease(), "a lease")
            try Namespace.check(
                try standIn.control(#"{"command":"set","switch":"noDHCP"}"#) == "{\"ok\":true}\n",
                "set"
            )
            _ = try pod.state(standIn)
            try Namespace.check(try !pod.getsLease(), "no lease with noDHCP")
            _ = try standIn.control(#"{"command":"set","switch":"noDHCP","value":false}"#)
            try Namespace.wait(for: "a lease again") { try pod.getsLease() }
            try Namespace.check(try standIn.request("DELETE", "/vm/\(pod.machine)") == .ok, "DELETE")
            _ = try pod.state(standIn)
            try Namespace.shell("ip link set \(pod.device) master \(try Self.bridge())")
            try Namespace.check(try !pod.getsLease(), "no lease after DELETE")
        }
    }

    private static func bridge() throws -> String {
        let line = try Namespace.shell("ip -br link show type bridge")
        return String(line.prefix { $0 != " " })
    }

    @Test("A second simulator does not take the place of one that runs; after kill -9 the next one cleans up")
    func leftovers() throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try #require(chmod(folder, 0o755) == 0)
        try Namespace.run {
            let program = try Program(folder)
            let killed = try program.start()
            try Namespace.shell("ip link add tap0 type veth peer name x")
            try killed.post("tap0")
            try Namespace.wait(for: "dnsmasq") { try !program.servers().isEmpty }
            let second = try program.runToEnd("other")
            try Namespace.check(second.contains("a simulator that runs in this namespace"), second)
            let third = try program.runToEnd("run")
            try Namespace.check(third.contains("lock the run directory of another simulator"), third)
            kill(killed.process, SIGKILL)
            try Namespace.wait(for: "its end") { killed.hasEnded }
            try Namespace.check(try Namespace.shell("ip link").contains("vrs-"), "a bridge is left")
            try Namespace.shell("ip link del tap0")
            let next = try program.start()
            try Namespace.check(try !Namespace.shell("ip link").contains("vrs-"), "no bridge is left")
            try Namespace.check(try program.servers().isEmpty, "no dnsmasq is left")
            kill(next.process, SIGTERM)
            try Namespace.wait(for: "the end") { next.hasEnded }
            try Namespace.check(try Namespace.shell("nft list ruleset").isEmpty, "no rules")
        }
    }
}
