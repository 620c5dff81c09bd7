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

    @Test func `a device, its settings and its address are what ip tells`() throws {
        let (bridge, none) = (try #require(InterfaceName("br0")), try #require(InterfaceName("none")))
        let mac = try #require(MACAddress("00:00:5e:00:01:00"))
        let prefix = try #require(IPPrefix("10.9.0.1/24"))
        _ = try ip("link", "add", "br0", "address", mac.text, "mtu", "1450", "type", "bridge")
        let failure = inside { socket throws(NetlinkError) in
            try socket.announceIPv4(on: bridge)
            try socket.setUp(bridge)
            guard let link = try socket.link(bridge), link.mac == mac, link.mtu == 1450,
                link.kind == "bridge",
                link.isUp, try socket.index(of: bridge) == link.index, try socket.index(of: none) == nil
            else {
                throw NetlinkError(operation: "look up", subject: "br0", errno: ENODEV)
            }
            try socket.addAddress(prefix, to: link.index)
            guard try socket.addresses(of: link.index).contains(prefix),
                try socket.links().contains(where: { $0.name == "br0" && $0.index == link.index })
            else { throw NetlinkError(operation: "list", subject: "links and addresses", errno: ENOENT) }
        }
        #expect(failure == nil)
        #expect(try ip("addr", "show", "br0").contains("inet 10.9.0.1/24"))
        #expect(try namespace.run(["cat", "/proc/sys/net/ipv4/conf/br0/arp_notify"]).output == "1\n")
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
        let failure = inside { socket throws(NetlinkError) in try socket.addIntermediate(taken) }
        #expect(failure?.hasSuffix("lo: File exists") == true, "\(failure ?? "")")
        let noQdisc = inside { socket throws(NetlinkError) in
            try socket.redirect(from: taken, index: 1, to: 1)
        }
        #expect(noQdisc?.contains("Parent Qdisc doesn't exist") == true, "\(noQdisc ?? "")")
    }
}
