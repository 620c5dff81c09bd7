// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Real router advertisements at every kind of device of ours, while no vRouter holds it: neither the node nor a pod
/// takes an address or a route from one.
@Suite(.serialized) struct RouterAdvertisementNamespaceTests {
    private static let fourOnly = """
        [{"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "name": "default-domain:k8s-default:pods",
          "v4": {"subnet": "10.47.0.0/16", "gateway": "10.47.255.254"}}]
        """

    /// Sends advertisements of a default router and a prefix, by a device or, for a tap, as its guest would.
    private static let sender = """
        import ctypes, fcntl, os, socket, struct, sys, time
        kind, name = sys.argv[1:]
        mac, to = bytes.fromhex("02aabbccddee"), bytes.fromhex("333300000001")
        source = socket.inet_pton(socket.AF_INET6, "fe80::aa:bbff:fecc:ddee")
        target = socket.inet_pton(socket.AF_INET6, "ff02::1")
        prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 3600, 3600, 0, socket.inet_pton(socket.AF_INET6, "2001:db8:bad::"))
        body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + struct.pack("!BB6s", 1, 1, mac) + prefix
        pseudo = source + target + struct.pack("!II", len(body), 58)
        words = struct.unpack("!%dH" % (len(pseudo + body) // 2), pseudo + body)
        total = sum(words)
        while total >> 16: total = (total & 0xFFFF) + (total >> 16)
        body = body[:2] + struct.pack("!H", ~total & 0xFFFF) + body[4:]
        frame = to + mac + b"\\x86\\xdd" + struct.pack("!IHBB", 0x60000000, len(body), 58, 255) + source + target + body
        if kind == "tap":
            tap = os.open("/dev/net/tun", os.O_RDWR)
            # IFF_TAP, IFF_NO_PI, IFF_MULTI_QUEUE, IFF_VNET_HDR.
            fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x0002 | 0x1000 | 0x0100 | 0x4000))
            send = lambda: os.write(tap, bytes(10) + frame)
        else:
            link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); link.bind((name, 0))
            send = lambda: link.send(frame)
        for _ in range(5):
            send(); time.sleep(0.05)
        time.sleep(0.3)
        """

    private func advertise(_ kind: String, _ device: String, in namespace: TestNamespace) throws {
        let run = try namespace.run(["python3", "-c", Self.sender, kind, device])
        #expect(run.status == 0, "\(run.errors)")
    }

    /// What a namespace has taken from an advertisement.
    private func taken(_ namespace: TestNamespace) throws -> String {
        try namespace.run(["ip", "-6", "route", "show", "default"]).output
            + namespace.run(["ip", "-6", "-o", "addr", "show", "scope", "global"]).output
            .split(separator: "\n").filter { $0.contains("2001:db8:bad") }.joined(separator: "\n")
    }

    /// A node that would listen: it forwards no IPv6.
    private func lab(_ networks: String) throws -> PluginLab {
        let lab = try PluginLab(networks: networks, dataPlane: false)
        try lab.node.run([
            "sysctl", "-qw", "net.ipv6.conf.all.forwarding=0", "net.ipv6.conf.default.accept_ra=2",
        ])
        return lab
    }

    private func pod(_ lab: PluginLab, _ name: String) throws -> TestPod {
        let pod = try lab.pod(name)
        try pod.namespace.run(["sysctl", "-qw", "net.ipv6.conf.default.accept_ra=2"])
        return pod
    }

    private func devices(of namespace: TestNamespace) throws -> [String] {
        try TestProgram.succeed("ip", "-o", "-n", namespace.name, "link").split(separator: "\n")
            .map { String($0.split(separator: " ")[1].prefix { $0 != "@" && $0 != ":" }) }
            .filter { $0 != "lo" && !$0.hasPrefix("vrs-") }
    }

    @Test("a device that is not ours takes one: the test would notice")
    func control() throws {
        let (node, pod) = (try TestNamespace("node"), try TestNamespace("pod"))
        try node.run(["sysctl", "-qw", "net.ipv6.conf.all.forwarding=0", "net.ipv6.conf.default.accept_ra=2"])
        try node.run(["ip", "link", "add", "v0", "type", "veth", "peer", "eth0", "netns", pod.name])
        try node.run(["ip", "link", "set", "v0", "up"])
        try pod.run(["ip", "link", "set", "eth0", "up"])
        try advertise("link", "eth0", in: pod)
        #expect(try taken(node).contains("default"))
    }

    @Test("a container's veth, both ends", .rule("RA-1"), arguments: [TestSimulator.networks, Self.fourOnly])
    func veth(networks: String) throws {
        let lab = try lab(networks)
        let pod = try pod(lab, "web")
        let added = try pod.call("contrail-cni", "ADD", lab.contrail())
        try #require(added.status == 0, "\(added.output)")
        let host = try #require(try devices(of: lab.node).first)
        let before = try taken(pod.namespace)
        try advertise("link", "eth0", in: pod.namespace)
        #expect(try taken(lab.node) == "")
        // Somebody switches IPv6 on everywhere.
        try lab.node.run(["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0"])
        try advertise("link", "eth0", in: pod.namespace)
        #expect(try taken(lab.node) == "")
        try advertise("link", host, in: lab.node)
        #expect(try taken(pod.namespace) == before)
        try lab.node.run(["ip", "link", "set", host, "down"])
        try lab.node.run(["ip", "link", "set", host, "up"])
        try advertise("link", "eth0", in: pod.namespace)
        #expect(try taken(lab.node) == "")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
    }

    @Test("a VM's direct tap", .rule("RA-1"), arguments: [TestSimulator.networks, Self.fourOnly])
    func directTap(networks: String) throws {
        let lab = try lab(networks)
        let pod = try pod(lab, "vm")
        let added = try pod.call("contrail-cni", "ADD", lab.contrail(more: PluginLab.vmInterface))
        try #require(added.status == 0, "\(added.output)")
        let tap = try #require(try devices(of: lab.node).first)
        try advertise("tap", tap, in: lab.node)
        #expect(try taken(lab.node) == "")
        try lab.node.run(["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0"])
        try advertise("tap", tap, in: lab.node)
        #expect(try taken(lab.node) == "")
    }

    /// Whether a line of the trace is a change that sets IFF_UP; what makes a device sets no flag.
    ///
    /// strace(1) does not know a socket of the pod's namespace for one of rtnetlink, and shows its bytes: RTM_NEWLINK,
    /// and `ifi_flags` and `ifi_change` behind the index.
    private static func setsUp(_ line: Substring) -> Bool {
        line.contains("ifi_flags=IFF_UP")
            || (line.contains("nlmsg_type=0x10 ")
                && line.contains(#"\x01\x00\x00\x00\x01\x00\x00\x00"#))
    }

    @Test("settings are made while the device is down: what it hears as it comes up counts", .rule("RA-1"))
    func order() throws {
        let lab = try lab(TestSimulator.networks)
        for (name, more) in [("web", ""), ("vm", PluginLab.vmInterface)] {
            let pod = try pod(lab, name)
            let trace = "\(lab.folder.path)/\(name).trace"
            let added = try pod.call(
                "contrail-cni",
                "ADD",
                lab.contrail(more: more),
                wrapper: ["strace", "-f", "-o", trace, "-e", "trace=openat,sendmsg", "-s", "256"]
            )
            try #require(added.status == 0, "\(added.output)")
            let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
            let settings = lines.indices.filter {
                lines[$0].contains("/accept_ra") || lines[$0].contains("/disable_ipv6")
            }
            let ups = lines.indices.filter { Self.setsUp(lines[$0]) }
            #expect(settings.count == (name == "web" ? 3 : 2), "\(lines)")
            #expect(ups.count == (name == "web" ? 2 : 1), "\(lines)")
            // The node's end, then the pod's.
            #expect(settings.prefix(2).allSatisfy { $0 < (ups.first ?? 0) })
            #expect((settings.last ?? .max) < (ups.last ?? 0))
        }
    }
}
