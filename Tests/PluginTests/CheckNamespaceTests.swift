// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// CHECK compares kernel, agent, files and prevResult with the record, and names what differs.
@Suite(.serialized) struct CheckNamespaceTests {
    /// A change behind the plugin's back, by a shell's command, and what CHECK must say of it.
    struct Change: CustomTestStringConvertible {
        let what: String
        let command: String
        let undo: String
        let said: String
        var testDescription: String { what }
    }

    /// `POD`, `NODE`: namespaces; `HOST`: the device on the node; `GIVEN` (its MAC address), `VM`, `FILE`, `RECORD`: as they are.
    static let vethChanges = [
        Change(
            what: "MAC address",
            command: "ip -n POD link set eth0 address 02:00:00:00:00:99",
            undo: "ip -n POD link set eth0 address GIVEN",
            said: "eth0: its MAC address is 02:00:00:00:00:99, not GIVEN"
        ),
        Change(
            what: "MTU of the pod's end",
            command: "ip -n POD link set eth0 mtu 1400",
            undo: "ip -n POD link set eth0 mtu 1500",
            said: "eth0: its MTU is 1400, not 1500"
        ),
        Change(
            what: "MTU of the node's end",
            command: "ip -n NODE link set HOST mtu 1400",
            undo: "ip -n NODE link set HOST mtu 1500",
            said: "HOST: its MTU is 1400, not 1500"
        ),
        Change(
            what: "node's end down",
            command: "ip -n NODE link set HOST down",
            undo: "ip -n NODE link set HOST up",
            said: "HOST: it is down"
        ),
        Change(
            what: "address of IPv4",
            command: "ip -n POD addr del 10.47.0.1/16 dev eth0",
            undo:
                "ip -n POD addr add 10.47.0.1/16 dev eth0; ip -n POD route replace default via 10.47.255.254",
            said: "eth0: address 10.47.0.1/16 is missing"
        ),
        Change(
            what: "address of IPv6",
            command: "ip -n POD addr del fd00:47::1/64 dev eth0",
            undo: """
                ip -n POD addr add fd00:47::1/64 dev eth0 nodad
                ip -n POD -6 route replace default via fd00:47::fe dev eth0
                """,
            said: "eth0: address fd00:47::1/64 is missing"
        ),
        Change(
            what: "route of IPv4",
            command: "ip -n POD route del default",
            undo: "ip -n POD route add default via 10.47.255.254",
            said: "eth0: the route to 0.0.0.0/0 via 10.47.255.254 is missing"
        ),
        Change(
            what: "route of IPv6",
            command: "ip -n POD -6 route del default",
            undo: "ip -n POD -6 route add default via fd00:47::fe dev eth0",
            said: "eth0: the route to ::/0 via fd00:47::fe is missing"
        ),
        Change(
            what: "agent's file",
            command: "mv FILE FILE.away",
            undo: "mv FILE.away FILE",
            said: "the agent's file is missing or not this container's"
        ),
        Change(
            what: "record",
            command: "mv RECORD RECORD.away",
            undo: "mv RECORD.away RECORD",
            said: "eth0: there is no record of it"
        ),
        Change(
            what: "port at the agent",
            command: "ip netns exec NODE curl -sf -X DELETE http://127.0.0.1:9091/vm/VM",
            undo: "ip netns exec NODE curl -sf -d @FILE http://127.0.0.1:9091/vm",
            said: "of the agent: the agent has none"
        ),
        Change(
            what: "device at the agent",
            command: """
                ip netns exec NODE curl -sf -X DELETE http://127.0.0.1:9091/vm/VM
                sed s/HOST/tapother/ FILE | ip netns exec NODE curl -sf -d @- http://127.0.0.1:9091/vm
                """,
            undo: """
                ip netns exec NODE curl -sf -X DELETE http://127.0.0.1:9091/vm/VM
                ip netns exec NODE curl -sf -d @FILE http://127.0.0.1:9091/vm
                """,
            said: "of the agent: its device is tapother, not HOST"
        ),
        Change(
            what: "pod's end down",
            command: "ip -n POD link set eth0 down",
            undo: "",
            said: "eth0: it is down"
        ),
        Change(
            what: "other end",
            command: """
                ip -n NODE link del HOST
                ip -n NODE link add HOST mtu 1500 type veth peer name other
                ip -n NODE link set HOST up
                ip link add ab7 netns POD type veth peer name ab8 netns POD
                ip -n POD link set ab7 name eth0 address GIVEN
                """,
            undo: "",
            said: "eth0: its other end is not HOST"
        ),
        Change(
            what: "link",
            command: "ip -n POD link del eth0; ip -n NODE link del HOST",
            undo: "",
            said: "HOST: it does not exist on the node"
        ),
    ]

    private struct Scene {
        let lab: PluginLab
        let pod: TestPod
        let more: String
        let result: String
        let names: [(String, String)]

        init(more: String = "") throws {
            lab = try PluginLab()
            pod = try lab.pod("web")
            self.more = more
            let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(more: more))
            result = outcome.output
            let interfaces = try #require(
                try outcome.document()["interfaces"] as? [[String: Any]],
                "\(result)"
            )
            let record = "\(lab.folder.path)/run/interfaces/\(pod.containerID)/eth0.json"
            let data = try Data(contentsOf: URL(fileURLWithPath: record))
            let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let port = try #require(fields["port"] as? [String: Any])
            names = [
                ("RECORD", record), ("FILE", port["file"] as? String ?? ""), ("POD", pod.namespace.name),
                ("NODE", lab.node.name), ("HOST", interfaces[0]["name"] as? String ?? ""),
                ("GIVEN", interfaces[1]["mac"] as? String ?? ""), ("VM", port["vm"] as? String ?? ""),
            ]
        }

        func filled(_ text: String) -> String {
            names.reduce(text) { $0.replacing($1.0, with: $1.1) }
        }

        func shell(_ text: String) throws {
            try TestProgram.succeed("sh", "-ec", filled(text))
        }

        func check(_ result: String? = nil, variables: [String: String] = [:]) throws -> TestProgram.Outcome {
            let more = "\(more), \"prevResult\": \(result ?? self.result)"
            return try pod.call("contrail-cni", "CHECK", lab.contrail(more: more), variables: variables)
        }

        func passes() throws -> Bool {
            let outcome = try check()
            return outcome.status == 0 && outcome.output.isEmpty
        }
    }

    @Test(.rule("CHECK-1", "CHECK-2"))
    func `CHECK of a container names each field that was changed, and changes nothing`() throws {
        let scene = try Scene()
        #expect(try scene.passes())
        for change in Self.vethChanges {
            try scene.shell(change.command)
            let before = try scene.pod.namespace.dump()
            let outcome = try scene.check()
            let error = try outcome.error()
            #expect(outcome.status == 1 && error.code == 100, "\(change.what): \(outcome.output)")
            #expect(error.message.contains(scene.filled(change.said)), "\(change.what): \(error.message)")
            let after = try scene.pod.namespace.dump()
            // A link that goes down loses routes some time later.
            if !change.what.contains("down") { #expect(after == before, "\(change.what)") }
            if change.undo.isEmpty { continue }
            try scene.shell(change.undo)
            let again = try scene.check()
            #expect(again.status == 0, "\(change.what) undone: \(again.output)")
        }
        #expect(try scene.pod.call("contrail-cni", "DEL", scene.lab.contrail()).status == 0)
    }

    /// What later plugins of a chain do: to the kernel, and to the result that the runtime keeps.
    static let laterChanges = [
        Change(
            what: "MTU",
            command: "ip -n POD link set eth0 mtu 1400",
            undo: #"s/("name":"eth0",[^}]*"mtu":)1500/\11400/"#,
            said: "eth0: its MTU is 1400, not 1500"
        ),
        Change(
            what: "MAC address",
            command: "ip -n POD link set eth0 address 02:00:00:00:00:99",
            undo: #"s/GIVEN/02:00:00:00:00:99/"#,
            said: "eth0: its MAC address is 02:00:00:00:00:99, not GIVEN"
        ),
        Change(
            what: "another address in place of ours",
            command: "ip -n POD addr del 10.47.0.1/16 dev eth0; ip -n POD addr add 10.47.0.77/16 dev eth0; "
                + "ip -n POD route add default via 10.47.255.254",
            undo: #"s/10\.47\.0\.1\/16/10.47.0.77\/16/"#,
            said: "eth0: address 10.47.0.1/16 is missing"
        ),
        Change(
            what: "another gateway in place of ours",
            command: "ip -n POD route replace default via 10.47.0.9",
            undo: #"s/("dst":"0.0.0.0\/0","gw":)"10.47.255.254"/\1"10.47.0.9"/"#,
            said: "eth0: the route to 0.0.0.0/0 via 10.47.255.254 is missing"
        ),
        Change(
            what: "the default route taken away",
            command: "ip -n POD route del default",
            undo: #"s/\{"dst":"0.0.0.0\/0","gw":"10.47.255.254"\},//"#,
            said: "eth0: the route to 0.0.0.0/0 via 10.47.255.254 is missing"
        ),
    ]

    @Test(.rule("CHECK-5"), arguments: laterChanges)
    func `CHECK expects what a later plugin's result tells, and that alone`(change: Change) throws {
        let scene = try Scene()
        try scene.shell(change.command)
        let drifted = try scene.check().error()
        #expect(drifted.code == 100 && drifted.message.contains(scene.filled(change.said)), "\(drifted)")
        let file = "\(scene.lab.folder.path)/log.result"
        try Data(scene.result.utf8).write(to: URL(fileURLWithPath: file))
        let told = try TestProgram.succeed("sed", "-E", scene.filled(change.undo), file)
        try FileManager.default.removeItem(atPath: file)
        try #require(told != scene.result)
        let outcome = try scene.check(told)
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
    }

    @Test(.rule("CHECK-5"))
    func `CHECK passes over further addresses and routes`() throws {
        let scene = try Scene()
        try scene.shell(
            """
            ip -n POD addr add 10.9.9.9/24 dev eth0; ip -n POD addr add fd00:9::9/64 dev eth0 nodad
            ip -n POD route add 10.8.0.0/16 via 10.47.0.9; ip -n POD route add default via 10.47.0.9 metric 9
            """
        )
        #expect(try scene.passes())
    }

    @Test(.rule("CHECK-5"))
    func `CHECK passes after Debian's tuning plugin, of ours and of a VM's chain`() throws {
        for more in ["", PluginLab.vmInterface] {
            let lab = try PluginLab()
            let pod = try lab.pod("web")
            var result = try pod.call("contrail-cni", "ADD", lab.contrail("1.0.0")).output
            func bridge(_ result: String) -> String {
                """
                {"cniVersion": "1.0.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"\
                \(more), "prevResult": \(result)}
                """
            }
            result = try pod.call("tap-bridge", "ADD", bridge(result)).output
            let tuning = """
                {"cniVersion": "1.0.0", "name": "pods", "type": "tuning", "mtu": 1400, "mac": "02:00:00:00:00:77",
                 "dataDir": "\(lab.folder.path)/log.d", "prevResult": \(result)}
                """
            let tuned = try pod.call("/usr/lib/cni/tuning", "ADD", tuning)
            #expect(tuned.status == 0, "\(tuned.output)")
            let contrail = lab.contrail("1.0.0", more: ", \"prevResult\": \(tuned.output)")
            for (plugin, configuration) in [("contrail-cni", contrail), ("tap-bridge", bridge(tuned.output))]
            {
                let outcome = try pod.call(plugin, "CHECK", configuration)
                #expect(outcome.status == 0 && outcome.output.isEmpty, "\(plugin): \(outcome.output)")
            }
            try TestProgram.succeed(
                "ip",
                "-n",
                pod.namespace.name,
                "link",
                "set",
                "eth0",
                "address",
                "02:00:00:00:00:78"
            )
            for (plugin, configuration) in [("contrail-cni", contrail), ("tap-bridge", bridge(tuned.output))]
            where plugin == "contrail-cni" || !more.isEmpty {
                let error = try pod.call(plugin, "CHECK", configuration).error()
                #expect(
                    error.code == 100 && error.message.contains("not 02:00:00:00:00:77"),
                    "\(plugin): \(error)"
                )
            }
            #expect(try pod.call("tap-bridge", "DEL", bridge(tuned.output)).status == 0)
            #expect(try pod.call("contrail-cni", "DEL", lab.contrail("1.0.0")).status == 0)
        }
    }

    /// Taps can't be changed in place: each is made anew, but for one field.
    static let tapChanges = [
        Change(
            what: "owner",
            command: tap("user 1 multi_queue vnet_hdr"),
            undo: tap("user 64200 multi_queue vnet_hdr"),
            said: "HOST: its owner is 1, not 64200"
        ),
        Change(
            what: "no owner",
            command: tap("multi_queue vnet_hdr"),
            undo: tap("user 64200 multi_queue vnet_hdr"),
            said: "HOST: its owner is nobody, not 64200"
        ),
        Change(
            what: "queue flag",
            command: tap("user 64200 vnet_hdr"),
            undo: tap("user 64200 multi_queue vnet_hdr"),
            said: "HOST: its multi-queue flag is off, not on"
        ),
        Change(
            what: "virtio header",
            command: tap("user 64200 multi_queue"),
            undo: tap("user 64200 multi_queue vnet_hdr"),
            said: "HOST: its virtio header is off, not on"
        ),
        Change(
            what: "MTU",
            command: "ip -n NODE link set HOST mtu 1400",
            undo: "ip -n NODE link set HOST mtu 1500",
            said: "HOST: its MTU is 1400, not 1500"
        ),
        Change(
            what: "down",
            command: "ip -n NODE link set HOST down",
            undo: "ip -n NODE link set HOST up",
            said: "HOST: it is down"
        ),
        Change(
            what: "kind",
            command:
                "ip -n NODE link del HOST; ip -n NODE link add HOST type bridge; ip -n NODE link set HOST up",
            undo: tap("user 64200 multi_queue vnet_hdr", deleted: "ip -n NODE link del HOST"),
            said: "HOST: the tap does not exist"
        ),
        Change(
            what: "link",
            command: "ip -n NODE link del HOST",
            undo: "",
            said: "HOST: the tap does not exist"
        ),
    ]

    private static func tap(_ options: String, deleted: String = "ip -n NODE link del HOST") -> String {
        "\(deleted); ip -n NODE tuntap add HOST mode tap \(options); ip -n NODE link set HOST mtu 1500 up"
    }

    @Test(.rule("CHECK-1"))
    func `CHECK of a VM's tap names owner, queue flag, header, MTU and state`() throws {
        let scene = try Scene(more: PluginLab.vmInterface)
        #expect(try scene.passes())
        for change in Self.tapChanges {
            try scene.shell(change.command)
            let outcome = try scene.check()
            let error = try outcome.error()
            #expect(outcome.status == 1 && error.code == 100, "\(change.what): \(outcome.output)")
            #expect(error.message.contains(scene.filled(change.said)), "\(change.what): \(error.message)")
            if change.undo.isEmpty { continue }
            try scene.shell(change.undo)
            let again = try scene.check()
            #expect(again.status == 0, "\(change.what) undone: \(again.output)")
        }
    }

    @Test(.rule("CHECK-3"))
    func `CHECK compares prevResult and the namespace, and needs both`() throws {
        let scene = try Scene()
        let mac = scene.filled("GIVEN")
        for (changed, said) in [
            (
                scene.result.replacing(mac, with: "02:00:00:00:00:99"),
                "eth0: its MAC address is \(mac), not 02:00:00:00:00:99"
            ),
            (
                scene.result.replacing("10.47.0.1/16", with: "10.47.0.2/16"),
                "eth0: address 10.47.0.2/16 is missing"
            ),
            (scene.result.replacing(#""eth0""#, with: #""eth9""#), "eth0: it is not in prevResult"),
        ] {
            let error = try scene.check(changed).error()
            #expect(error.code == 100 && error.message.contains(said), "\(error)")
        }
        let other = try TestNamespace("other")
        let elsewhere = try scene.check(variables: ["CNI_NETNS": other.path]).error()
        #expect(
            elsewhere.code == 100 && elsewhere.message.contains("is not the namespace that it was made in")
        )
        let none = try scene.pod.call("contrail-cni", "CHECK", scene.lab.contrail()).error()
        #expect(none.code == 7 && none.message.contains("prevResult"))
        let old = scene.lab.contrail("0.3.1", more: ", \"prevResult\": \(scene.result)")
        let refused = try scene.pod.call("contrail-cni", "CHECK", old).error()
        #expect(refused.code == 1 && refused.message.contains("CHECK needs"))
        let noNamespace = try scene.check(variables: ["CNI_NETNS": ""]).error()
        #expect(noNamespace.code == 4 && noNamespace.message.contains("CNI_NETNS"))
    }

    @Test(.rule("CHECK-4"))
    func `CHECK with a dead agent says so, unless the kernel differs already`() throws {
        let scene = try Scene()
        scene.lab.simulator?.stop()
        let error = try scene.check().error()
        #expect(error.code == 11 && error.message.contains("cannot connect"), "\(error)")
        try scene.shell("ip -n POD link set eth0 mtu 1400")
        let differs = try scene.check().error()
        #expect(differs.code == 100 && differs.message.contains("MTU"), "\(differs)")
    }
}
