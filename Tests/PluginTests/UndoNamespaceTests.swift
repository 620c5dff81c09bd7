// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// DEL goes on whatever has become of the namespace, the configuration and the disk since ADD.
@Suite(.serialized) struct UndoNamespaceTests {
    /// A VM's interface as a chain of both plugins makes it.
    private struct Chain {
        let lab: PluginLab
        let pod: TestPod

        init(networks: String = TestSimulator.networks) throws {
            lab = try PluginLab(networks: networks)
            pod = try lab.pod("web")
        }

        func bridge(_ previous: String? = nil) -> String {
            let result = previous.map { ", \"prevResult\": \($0)" } ?? ""
            return """
                {"cniVersion": "1.1.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"\
                \(PluginLab.vmInterface)\(result)}
                """
        }

        func add() throws {
            let first = try pod.call("contrail-cni", "ADD", lab.contrail())
            try #require(first.status == 0, "\(first.output)")
            let second = try pod.call("tap-bridge", "ADD", bridge(first.output))
            try #require(second.status == 0, "\(second.output)")
        }

        /// Undoes the chain, twice.
        func delete(
            contrail: String? = nil,
            bridge: String? = nil,
            variables: [String: String] = [:],
            wrapper: [String] = [],
            _ what: String
        ) throws {
            for _ in 1...2 {
                for (plugin, configuration) in [
                    ("tap-bridge", bridge ?? self.bridge()), ("contrail-cni", contrail ?? lab.contrail()),
                ] {
                    let outcome = try pod.call(
                        plugin,
                        "DEL",
                        configuration,
                        variables: variables,
                        wrapper: wrapper
                    )
                    #expect(
                        outcome.status == 0 && outcome.output.isEmpty && outcome.seconds < 10,
                        "\(what), \(plugin): \(outcome.output)"
                    )
                }
            }
        }

        /// Shows the lab's folders where the plugins look without a configuration.
        var atDefaults: [String] {
            let ports = "\(lab.simulator?.folder.path ?? "")/ports/vm"
            let places = [
                ("\(lab.folder.path)/run", "/run/contrail-vm"),
                ("\(lab.folder.path)/state", "/var/lib/contrail-vm"), (ports, "/var/lib/contrail/ports/vm"),
                ("\(lab.folder.path)/net.d", "/etc/cni/net.d"),
            ]
            let mounts = places.map { "mkdir -p \($0.0) \($0.1) && mount --bind \($0.0) \($0.1)" }
            return ["unshare", "--mount", "sh", "-c", mounts.joined(separator: " && ") + #" && exec "$0""#]
        }
    }

    @Test(.rule("DEL-5"))
    func `a namespace path that names the node's own namespace, another pod's, or none`() throws {
        let chain = try Chain()
        let other = try chain.lab.pod("other")
        let more = PluginLab.vmInterface
        let result = try other.call("contrail-cni", "ADD", chain.lab.contrail()).output
        let bridged = try other.call("tap-bridge", "ADD", chain.bridge(result))
        #expect(bridged.status == 0, "\(bridged.output) \(more)")
        let (before, own) = (try other.namespace.dump(), try chain.lab.leftovers())
        let folder = chain.lab.folder.path
        try TestProgram.succeed("mkfifo", "\(folder)/ports-fifo")
        try TestProgram.succeed("touch", "\(folder)/ports-file")
        try TestProgram.succeed("ln", "-s", "\(folder)/ports-loop", "\(folder)/ports-loop")
        for path in [
            "/proc/self/ns/net", other.namespace.path, "/proc/1/ns/pid", "\(folder)/ports-fifo",
            "\(folder)/ports-file", "\(folder)/ports-loop", folder, "/run/netns/cvt-gone", "/dev/null",
        ] {
            try chain.add()
            try chain.delete(variables: ["CNI_NETNS": path], path)
            #expect(try other.namespace.dump() == before, "\(path)")
            #expect(try chain.lab.leftovers() == own, "\(path)")
            try TestProgram.succeed(
                "sh",
                "-c",
                "ip -n \(chain.pod.namespace.name) link show eth0 && exit 1; true"
            )
        }
    }

    @Test(.rule("DEL-5"))
    func `a namespace path that names a new namespace of the same name`() throws {
        let chain = try Chain()
        try chain.add()
        let name = chain.pod.namespace.name
        // As long as something runs in the old one, its inode is not given out again.
        let holder = try TestProgram.start("ip", "netns", "exec", name, "sleep", "60")
        defer { holder.kill(SIGTERM) }
        try TestProgram.succeed(
            "sh",
            "-ec",
            """
            ip netns del \(name); ip netns add \(name)
            ip -n \(name) link add eth0 type veth peer name other
            tc -n \(name) qdisc add dev eth0 ingress
            """
        )
        let before = try chain.pod.namespace.dump()
        try chain.delete("a new namespace")
        #expect(try chain.pod.namespace.dump() == before)
        let left = try chain.lab.leftovers()
        #expect(left == [])
    }

    /// What can be wrong in the `contrail` object, which for the rest is as it was.
    static let keys = [
        #""mtu": "big""#, #""vrouter-ip": "localhost""#, #""vrouter-port": 70000"#,
        #""cluster-name": "../x""#,
        #""interfaces": "many""#, #""platform": 7, "vif-type": []"#, #""parent-interface": "a/b""#,
        #""introspect-port": "x", "ipv6-prefix-length": 0, "network": {}"#, #""vhost-user-dir": "x""#,
    ]

    @Test(.rule("DEL-6"), arguments: keys)
    func `a value of the configuration that has become wrong`(keys: String) throws {
        let chain = try Chain()
        try chain.add()
        try chain.delete(contrail: chain.lab.contrail(keys: ", " + keys), keys)
        let left = try chain.lab.leftovers()
        #expect(left == [])
    }

    @Test(.rule("DEL-6"))
    func `a configuration that can't be read at all`() throws {
        let chain = try Chain()
        for text in [
            "", "{", "[]", "null", "{}", #"{"name": 5}"#, #"{"cniVersion": "9.9", "name": "n"}"#,
            #"{"cniVersion": 1, "name": "../x", "runtimeConfig": 5, "args": 7}"#,
            #"{"name": "n", "name": "m"}"#,
            #"{"name": "n", "contrail": [], "run-dir": "relative", "way": 3}"#,
            #"{"name": "n", "contrail": {"config-dir": 5, "run-dir": "x", "state-dir": "y", "log-file": "z"}}"#,
            #"{"name": "n", "prevResult": {"ips": 5}}"#, String(repeating: " ", count: 2 << 20),
        ] {
            try chain.add()
            try chain.delete(contrail: text, bridge: text, wrapper: chain.atDefaults, "\(text.prefix(80))")
            let left = try chain.lab.leftovers()
            #expect(left == [], "\(text.prefix(80))")
        }
    }

    @Test(.rule("DEL-6"))
    func `a file of the Go plugin that is empty, broken or no file`() throws {
        let chain = try Chain()
        let path = "\(chain.lab.folder.path)/net.d/10-contrail.conf"
        for make in [
            ": > FILE", "echo '{' > FILE", "echo '{\"contrail\": 5}' > FILE",
            "echo '{\"contrail\": {\"mtu\": 1, \"poll-timeout\": \"x\"}}' > FILE", "mkdir FILE",
            "mkfifo FILE", "ln -s FILE FILE", "head -c 2000000 /dev/zero > FILE",
        ] {
            try chain.add()
            try TestProgram.succeed(
                "sh",
                "-ec",
                "mkdir -p $(dirname \(path)); rm -rf \(path); " + make.replacing("FILE", with: path)
            )
            try chain.delete(wrapper: chain.atDefaults, make)
            try TestProgram.succeed("rm", "-rf", "\(chain.lab.folder.path)/net.d")
            let left = try chain.lab.leftovers()
            #expect(left == [], "\(make)")
        }
    }

    @Test(.rule("DEL-7"))
    func `the agent's folder of files is another by now`() throws {
        let chain = try Chain()
        let simulator = try #require(chain.lab.simulator)
        for isPaused in [false, true] {
            try chain.add()
            if isPaused { simulator.pause() }
            let moved = chain.lab.contrail().replacing(
                "\(simulator.folder.path)/ports/vm",
                with: "\(chain.lab.folder.path)/elsewhere"
            )
            let checked = try chain.pod.call("contrail-cni", "DEL", moved)
            #expect(checked.status == 0, "\(checked.output)")
            if isPaused { simulator.resume() }
            #expect(simulator.folder.files().filter { $0.hasPrefix("ports/") } == [])
        }
    }

    @Test(.rule("DEL-8"), arguments: ["size=64k", "size=1m,nr_inodes=24"])
    func `a full run folder`(options: String) throws {
        let chain = try Chain()
        let run = "\(chain.lab.folder.path)/run"
        try TestProgram.succeed("sh", "-ec", "mkdir \(run); mount -t tmpfs -o \(options) none \(run)")
        defer { _ = try? TestProgram.run(["umount", "-l", run]) }
        try chain.add()
        // Until neither a byte nor a file more goes in.
        try TestProgram.succeed(
            "sh",
            "-c",
            "cd \(run); head -c 2000000 /dev/zero > filler; for n in $(seq 100); do touch filler.$n || break; done; true"
        )
        #expect(try TestProgram.run(["sh", "-c", "echo x > \(run)/more"]).status != 0)
        try chain.delete(options)
        let left = try chain.lab.leftovers().filter { !$0.contains("filler") && !$0.contains("more") }
        #expect(left == [])
    }

    @Test(.rule("DEL-8"))
    func `a debt that can't be noted keeps the record, and nothing else`() throws {
        let chain = try Chain()
        let simulator = try #require(chain.lab.simulator)
        let state = "\(chain.lab.folder.path)/state"
        try chain.add()
        try TestProgram.succeed("sh", "-c", "mkdir \(state); mount -t tmpfs -o size=4k,ro none \(state)")
        defer { _ = try? TestProgram.run(["umount", "-l", state]) }
        simulator.pause()
        #expect(try chain.pod.call("tap-bridge", "DEL", chain.bridge()).status == 0)
        let outcome = try chain.pod.call("contrail-cni", "DEL", chain.lab.contrail())
        #expect(try outcome.error().code == 5 && outcome.error().message.contains(state), "\(outcome.output)")
        let left = try chain.lab.leftovers()
        #expect(left == ["run/interfaces/\(chain.pod.containerID)/eth0.json"])
        simulator.resume()
        try chain.delete("with an agent again")
        let after = try chain.lab.leftovers()
        #expect(after == [])
    }
}
