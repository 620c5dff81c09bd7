// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import TestSupport
import Testing

@testable import Confinement

/// The rule in the kernel, over a cgroup of the test's own.
@Suite(.serialized) struct SocketBanNamespaceTests {
    /// A cgroup of v2, removed with its owner, and its programs with it.
    private final class Group: Sendable {
        let path: String

        init() throws {
            let hybrid = "/sys/fs/cgroup/unified"
            let root = FileManager.default.fileExists(atPath: hybrid) ? hybrid : "/sys/fs/cgroup"
            path = "\(root)/cvt-\(UUID().uuidString.prefix(8).lowercased())"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }

        deinit { rmdir(path) }
    }

    // Not of the range that a vm-runtime of another test may have put its rule on, at the root of the cgroups.
    private static let user: UInt32 = 96_321

    /// What a user in the cgroup gets of a few kinds of sockets, in a network of its own that has a server.
    ///
    /// Each line: what was tried, and `ok` or the error's name.
    private func tries(
        _ group: Group,
        as user: UInt32 = user,
        unshare: Bool = false,
        in network: TestNamespace
    ) throws -> [String: String] {
        let script = """
            import ctypes, errno, os, socket, sys, threading
            NETWORKS = ["127.0.0.1", "10.9.0.1", "10.10.0.1", "169.254.169.254", "::1", "fd00:9::1"]
            for address in NETWORKS:
                server = socket.create_server((address, 9091), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
            held = [socket.create_server((a, 8000), family=socket.AF_INET6 if ":" in a else socket.AF_INET) for a in NETWORKS]
            old = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            open("\(group.path)/cgroup.procs", "w").write(str(os.getpid()))
            os.setgroups([]); os.setresgid(\(user), \(user), \(user)); os.setresuid(\(user), \(user), \(user))
            if \(unshare ? "True" : "False"):
                if ctypes.CDLL(None, use_errno=True).unshare(0x10000000 | 0x40000000): sys.exit(3)
            def attempt(name, body):
                try:
                    body()
                    print(name, "ok")
                except OSError as error:
                    print(name, errno.errorcode.get(error.errno, "timeout"))
            kinds = {"tcp4": (2, 1, 0), "tcp6": (10, 1, 0), "udp4": (2, 2, 0), "udp6": (10, 2, 0), "mptcp": (2, 1, 262),
                     "sctp": (2, 1, 132), "udplite": (2, 2, 136), "unix": (1, 1, 0), "netlink": (16, 3, 0)}
            for name, kind in kinds.items():
                attempt(name, lambda: socket.socket(*kind).close())
            def reach(address, port):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                with socket.socket(family) as client:
                    client.settimeout(0.3)
                    client.connect((address, port))
            for address in NETWORKS:
                attempt("to " + address, lambda: reach(address, 8000))
            def serve():
                with socket.socket(socket.AF_INET) as server:
                    server.bind(("127.0.0.1", 9099)); server.listen()
            attempt("serve", serve)
            pair = socket.socketpair()
            attempt("pair", lambda: pair[0].sendall(b"x"))
            """
        let run = try inside(network, script)
        // The kernel grants no user namespace.
        if unshare, run.status == 3 { return [:] }
        guard run.status == 0 else { throw Programs.Missing(what: "answer: \(run)") }
        return Dictionary(
            uniqueKeysWithValues: run.output.split(separator: "\n").map { line in
                let parts = line.split(separator: " ")
                return (parts.dropLast().joined(separator: " "), String(parts.last ?? ""))
            }
        )
    }

    /// Not by `ip netns exec`, which mounts a /sys without cgroups.
    private func inside(_ network: TestNamespace, _ script: String) throws -> TestProgram.Outcome {
        try TestProgram.run(["nsenter", "--net=\(network.path)", "python3", "-c", script], seconds: 30)
    }

    private func network() throws -> TestNamespace {
        let network = try TestNamespace("ban")
        for address in ["10.9.0.1/16", "10.10.0.1/16", "169.254.169.254/32", "fd00:9::1/64"] {
            var command = ["ip", "addr", "add", address, "dev", "lo"]
            if address.contains(":") { command.append("nodad") }
            try network.run(command)
        }
        return network
    }

    private func ban(
        _ group: Group,
        storage: [String] = [],
        users: ClosedRange<UInt32> = 96_000...96_899
    ) -> SocketBan {
        SocketBan(
            SocketRule(users: [users], storage: storage.compactMap { IPPrefix($0) }),
            name: "cvt_ip_test",
            group: group.path
        )
    }

    @Test("a user of the rule gets no socket of IP, of whatever protocol, and keeps those of Unix")
    func nothing() throws {
        let group = try Group()
        let network = try network()
        let before = try tries(group, in: network)
        #expect(
            before["tcp4"] == "ok" && before["to 127.0.0.1"] == "ok" && before["serve"] == "ok",
            "\(before)"
        )
        try ban(group).ensure()
        let during = try tries(group, in: network)
        for kind in [
            "tcp4", "tcp6", "udp4", "udp6", "to 127.0.0.1", "to ::1", "to 169.254.169.254", "to 10.9.0.1",
            "serve",
        ] {
            #expect(during[kind] == "EPERM", "\(kind): \(during)")
        }
        // The kernel may not have them; nobody gets one.
        for kind in ["mptcp", "sctp", "udplite"] { #expect(during[kind] != "ok", "\(kind): \(during)") }
        for kind in ["unix", "netlink", "pair"] { #expect(during[kind] == "ok", "\(kind): \(during)") }
        for other: UInt32 in [95_999, 96_900, 0] {
            let others = try tries(group, as: other, in: network)
            #expect(
                others["tcp4"] == "ok" && others["udp6"] == "ok" && others["to 10.9.0.1"] == "ok",
                "\(other): \(others)"
            )
        }
    }

    @Test("a user namespace of its own, where the kernel grants one, changes nothing")
    func userNamespace() throws {
        let group = try Group()
        let network = try network()
        try ban(group).ensure()
        let inside = try tries(group, unshare: true, in: network)
        guard !inside.isEmpty else { return }
        #expect(inside["tcp4"] == "EPERM" && inside["udp6"] == "EPERM", "\(inside)")
    }

    @Test(
        "listed networks are reached by TCP alone; loopback and link-local ones only where they are listed themselves"
    )
    func storage() throws {
        let group = try Group()
        let network = try network()
        try ban(group, storage: ["10.9.0.0/16", "fd00:9::/64"]).ensure()
        var reached = try tries(group, in: network)
        #expect(reached["to 10.9.0.1"] == "ok" && reached["to fd00:9::1"] == "ok", "\(reached)")
        for refused in [
            "to 10.10.0.1", "to 127.0.0.1", "to ::1", "to 169.254.169.254", "udp4", "udp6", "mptcp",
        ] {
            #expect(reached[refused] != "ok", "\(refused): \(reached)")
        }
        // Everything is listed, but what is withheld.
        try ban(group, storage: ["0.0.0.0/0", "::/0"]).ensure()
        reached = try tries(group, in: network)
        #expect(reached["to 10.10.0.1"] == "ok" && reached["to fd00:9::1"] == "ok", "\(reached)")
        for refused in ["to 127.0.0.1", "to ::1", "to 169.254.169.254"] {
            #expect(reached[refused] != "ok", "\(refused): \(reached)")
        }
        try ban(group, storage: ["127.0.0.1/32"]).ensure()
        reached = try tries(group, in: network)
        #expect(reached["to 127.0.0.1"] == "ok", "\(reached)")
        for refused in ["to 10.9.0.1", "to ::1", "to 169.254.169.254"] {
            #expect(reached[refused] != "ok", "\(refused): \(reached)")
        }
        // The list is emptied: nothing is left of it.
        try ban(group).ensure()
        reached = try tries(group, in: network)
        #expect(reached["tcp4"] == "EPERM" && reached["to 127.0.0.1"] == "EPERM", "\(reached)")
    }

    @Test("a port that such a user listens at is answered to nobody outside the listed networks")
    func listening() throws {
        let group = try Group()
        let network = try network()
        try ban(group, storage: ["10.9.0.0/16"]).ensure()
        let script = """
            import os, socket
            ready, told = os.pipe()
            child = os.fork()
            if child == 0:
                open("\(group.path)/cgroup.procs", "w").write(str(os.getpid()))
                os.setgroups([]); os.setresgid(\(Self.user), \(Self.user), \(Self.user)); os.setresuid(\(Self.user), \(Self.user), \(Self.user))
                server = socket.socket(socket.AF_INET); server.bind(("0.0.0.0", 9091)); server.listen()
                os.write(told, b"x")
                socket.setdefaulttimeout(5)
                server.accept(); os._exit(0)
            os.read(ready, 1)
            try:
                socket.create_connection(("127.0.0.1", 9091), timeout=0.5); print("reached")
            except OSError as error: print("refused")
            os.kill(child, 9); os.waitpid(child, 0)
            """
        #expect(try inside(network, script).output == "refused\n")
    }

    @Test("what was detached is seen and put back; another rule takes the place of the former; twice is once")
    func repeated() throws {
        let group = try Group()
        let ban = ban(group)
        #expect(try !ban.isInForce())
        try ban.ensure()
        try ban.ensure()
        #expect(try ban.isInForce())
        #expect(try ban.count() == 1)
        let wider = self.ban(group, users: 96_000...97_000)
        #expect(try !wider.isInForce())
        try wider.ensure()
        #expect(try wider.isInForce() && !ban.isInForce())
        #expect(try wider.count() == 1)
        try wider.withdraw()
        #expect(try !wider.isInForce())
        try wider.ensure()
        #expect(try wider.isInForce())
    }

    @Test("another's programs at the same cgroup stay")
    func strangers() throws {
        let group = try Group()
        let stranger = SocketBan(SocketRule(users: [1000...1000]), name: "stranger", group: group.path)
        try stranger.ensure()
        try ban(group).ensure()
        #expect(try stranger.isInForce())
    }

    @Test("a user without a rule gets a socket, and the trial says so")
    func trial() throws {
        #expect(try SocketBan.refusal(of: 99_000, family: 2) == nil)
    }
}
