// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Netlink
import NetworkTypes
import Synchronization
import TestSupport
import Testing

/// Verbs on kernel nouns, compared with what ip(8) and tc(8) tell.
@Suite(.serialized) struct NetlinkNamespaceTests {
    private let namespace: TestNamespace

    init() throws { namespace = try TestNamespace("netlink") }

    /// Runs a body with a socket of the namespace, on a thread of its own; returns the error's text, or nil.
    private func inside(_ body: @escaping @Sendable (NetlinkSocket) throws(NetlinkError) -> Void) -> String? {
        let path = namespace.path
        let failure = Mutex<String?>("the thread did not come so far")
        PlainThread {
            let file = clinux_open(path, O_RDONLY, 0)
            guard file >= 0, clinux_enter_network_namespace(file) == 0 else { return }
            close(file)
            do throws(NetlinkError) {
                try body(NetlinkSocket())
                failure.withLock { $0 = nil }
            } catch {
                failure.withLock { $0 = error.message }
            }
        }.join()
        return failure.withLock { $0 }
    }

    private func ip(_ arguments: String...) throws -> String {
        try TestProgram.run(["ip", "-n", namespace.name] + arguments).output
    }

    @Test func `a bridge, its address, a neighbour and a port are what ip tells`() throws {
        let (bridge, port) = (try #require(InterfaceName("br0")), try #require(InterfaceName("v0")))
        let mac = try #require(MACAddress("00:00:5e:00:01:00"))
        let prefix = try #require(IPPrefix("10.9.0.1/24"))
        let (neighbour, other) = (
            try #require(IPAddress("10.9.0.7")), try #require(MACAddress("02:00:00:00:00:07"))
        )
        _ = try ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        let failure = inside { socket throws(NetlinkError) in
            try socket.addBridge(bridge, mac: mac, mtu: 1450)
            try socket.setUp(bridge)
            guard let link = try socket.link(bridge), link.mac == mac, link.mtu == 1450, link.kind == "bridge"
            else {
                throw NetlinkError(operation: "look up", subject: "br0", errno: ENODEV)
            }
            try socket.addAddress(prefix, to: link.index)
            try socket.setNeighbour(neighbour, at: other, on: link.index)
            try socket.setMTU(port, to: 1400)
            try socket.setMaster(port, to: link.index)
            guard try socket.addresses(of: link.index).contains(prefix),
                try socket.links().contains(where: {
                    $0.name == "v0" && $0.master == link.index && $0.mtu == 1400
                })
            else { throw NetlinkError(operation: "list", subject: "links and addresses", errno: ENOENT) }
        }
        #expect(failure == nil)
        #expect(try ip("addr", "show", "br0").contains("inet 10.9.0.1/24"))
        #expect(try ip("neigh").contains("10.9.0.7 dev br0 lladdr 02:00:00:00:00:07 PERMANENT"))
        #expect(try ip("link", "show", "v0").contains("master br0"))
        let down = inside { socket throws(NetlinkError) in
            try socket.setMaster(port, to: 0)
            try socket.setDown(bridge)
        }
        #expect(down == nil)
        #expect(try !ip("link", "show", "v0").contains("master"))
        #expect(try !ip("link", "show", "br0").contains(",UP"))
    }

    @Test func `a redirect is found, replaced in place and removed, twice`() throws {
        let device = try #require(InterfaceName("v0"))
        _ = try ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        let failure = inside { socket throws(NetlinkError) in
            let links = try socket.links()
            guard let from = links.first(where: { $0.name == "v0" })?.index,
                let target = links.first(where: { $0.name == "v1" })?.index
            else { throw NetlinkError(operation: "look up", subject: "v0", errno: ENODEV) }
            let isNew = try socket.addIngressQdisc(device, index: from)
            let isNewAgain = try socket.addIngressQdisc(device, index: from)
            let before = try socket.redirectTarget(of: from)
            for _ in 1...2 { try socket.redirect(from: device, index: from, to: target) }
            let found = try socket.redirectTarget(of: from)
            for _ in 1...2 { try socket.deleteRedirect(device, index: from) }
            let after = try socket.redirectTarget(of: from)
            for _ in 1...2 { try socket.deleteIngressQdisc(device, index: from) }
            guard isNew, !isNewAgain, before == nil, found == target, after == nil else {
                throw NetlinkError(operation: "follow", subject: "the redirect", errno: EINVAL)
            }
        }
        #expect(failure == nil)
        #expect(try !TestProgram.run(["tc", "-n", namespace.name, "qdisc"]).output.contains("ingress"))
    }

    @Test func `the kernel's own words are in the error`() throws {
        let taken = try #require(InterfaceName("lo"))
        let mac = try #require(MACAddress("00:00:5e:00:01:00"))
        let failure = inside { socket throws(NetlinkError) in try socket.addBridge(taken, mac: mac, mtu: 1500)
        }
        #expect(failure == "cannot add bridge lo: File exists")
        let noQdisc = inside { socket throws(NetlinkError) in
            try socket.redirect(from: taken, index: 1, to: 1)
        }
        #expect(noQdisc?.contains("Parent Qdisc doesn't exist") == true, "\(noQdisc ?? "")")
    }
}
