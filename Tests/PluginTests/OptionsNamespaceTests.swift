// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `runtimeConfig`, `args.cni` and CNI_ARGS: honoured, or refused by name.
@Suite(.serialized) struct OptionsNamespaceTests {
    private static let arguments = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web"

    @Test(
        .rule("OPTIONS-1"),
        arguments: [
            (
                #", "runtimeConfig": {"portMappings": [{"hostPort": 80, "containerPort": 80}]}"#, 2,
                "runtimeConfig.portMappings"
            ),
            (#", "runtimeConfig": {"deviceID": "0000:03:02.0"}"#, 2, "runtimeConfig.deviceID"),
            (#", "deviceID": "0000:03:02.0""#, 2, "\"deviceID\""),
            (#", "pciBusID": "0000:03:02.0""#, 2, "\"pciBusID\""),
            (#", "runtimeConfig": {"infinibandGUID": "x"}"#, 2, "runtimeConfig.infinibandGUID"),
            (#", "runtimeConfig": {"mac": "x"}"#, 7, "runtimeConfig.mac"),
            (#", "runtimeConfig": {"mac": "ff:ff:ff:ff:ff:ff"}"#, 7, "runtimeConfig.mac"),
            (#", "runtimeConfig": {"ips": ["x"]}"#, 7, "runtimeConfig.ips"),
            (
                #", "runtimeConfig": {"bandwidth": {"ingressRate": 1000}}"#, 7,
                "runtimeConfig.bandwidth.ingressBurst"
            ),
            (
                #", "runtimeConfig": {"bandwidth": {"egressBurst": 1000}}"#, 7,
                "runtimeConfig.bandwidth.egressRate"
            ),
            (#", "runtimeConfig": {"dns": {"servers": ["x"]}}"#, 7, "runtimeConfig.dns.servers"),
            (#", "runtimeConfig": {"dns": {"Servers": [5]}}"#, 7, "runtimeConfig.dns.servers"),
            (#", "args": {"cni": {"nonsense": 1}}"#, 2, "args.cni.nonsense"),
            (#", "args": {"cni": {"vmi": "x"}}"#, 7, "args.cni.vmi"),
        ]
    )
    func `what is not supported, or wrong, is refused by name`(more: String, code: Int, name: String) throws {
        let lab = try PluginLab(simulator: nil)
        let error = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail(more: more)).error()
        #expect(error.code == code && error.message.contains(name), "\(error)")
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(
        .rule("OPTIONS-7"),
        arguments: [
            (
                #", "runtimeConfig": {"bandwidth": {"IngressRates": 8000, "IngressBurst": 8000}}"#,
                #""runtimeConfig.bandwidth.IngressRates" with value 8000"#
            ),
            (
                #", "args": {"cni": {"bandwidth": {"rate": {"in": 5}}}}"#,
                #""args.cni.bandwidth.rate" with value {"in":5}"#
            ),
            (
                #", "runtimeConfig": {"dns": {"nameservers": ["10.0.0.1"]}}"#,
                #""runtimeConfig.dns.nameservers" with value ["10.0.0.1"]"#
            ),
            (
                #", "runtimeConfig": {"vmInterface": {"ownerUID": 64200, "Queue": 4}}"#,
                #""runtimeConfig.vmInterface.Queue" with value 4"#
            ),
        ]
    )
    func `a member that our objects don't have is refused with key and value`(
        more: String,
        said: String
    ) throws {
        let lab = try PluginLab(simulator: nil)
        let error = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail(more: more)).error()
        #expect(error.code == 2 && error.message.contains(said), "\(error)")
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(.rule("OPTIONS-7"))
    func `containerd's objects, whose keys are capitalized, are carried out`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        // As containerd's go-cni writes them for the annotation kubernetes.io/ingress-bandwidth and a pod's DNS.
        let more = """
            , "runtimeConfig": {"bandwidth": {"IngressRate": 8000000, "IngressBurst": 4294967295, "EgressRate": 0, \
            "EgressBurst": 0}, "dns": {"Servers": ["10.96.0.10"], "Searches": ["a.b"], "Options": null}, \
            "portMappings": null}
            """
        let result = try pod.call("contrail-cni", "ADD", lab.contrail(more: more)).document()
        #expect(result["dns"] as? [String: [String]] == ["nameservers": ["10.96.0.10"], "search": ["a.b"]])
        let qdiscs = try TestProgram.succeed("tc", "-n", lab.node.name, "qdisc")
        #expect(qdiscs.contains("rate 8Mbit"), "\(qdiscs)")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail(more: more)).status == 0)
        // Keys of any case, in a VM's request and in the Go plugin's own object.
        let request = #", "runtimeConfig": {"VMInterface": {"Kind": "tap", "OwnerUid": 64207}}"#
        let tap = try pod.call("contrail-cni", "ADD", lab.contrail(keys: #", "MTU": 1400"#, more: request))
        let name = try #require((try tap.document()["interfaces"] as? [[String: Any]])?[0]["name"] as? String)
        let link = try TestProgram.succeed("ip", "-n", lab.node.name, "-d", "link", "show", name)
        #expect(link.contains("user 64207") && link.contains("mtu 1400"), "\(link)")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test func `labels are left to others, and a MAC address has any form that Go takes`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let first = try pod.call("contrail-cni", "ADD", lab.contrail()).document()
        let mac = try #require((first["interfaces"] as? [[String: Any]])?[1]["mac"] as? String)
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        let digits = mac.replacing(":", with: "")
        let dotted = stride(from: 0, to: 12, by: 4).map { String(digits.dropFirst($0).prefix(4)) }
        for text in [dotted.joined(separator: "."), mac.replacing(":", with: "-").uppercased()] {
            let args = #", "args": {"cni": {"mac": "\#(text)", "labels": [{"key": "a", "value": "b"}]}}"#
            let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(more: args))
            #expect(outcome.status == 0, "\(text): \(outcome.output)")
            #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
            let variables = ["CNI_ARGS": Self.arguments + ";MAC=\(text)"]
            let again = try pod.call("contrail-cni", "ADD", lab.contrail(), variables: variables)
            #expect(again.status == 0, "\(text): \(again.output)")
            #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        }
    }

    @Test(
        .rule("OPTIONS-2"),
        arguments: [
            ("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;COLOUR=blue", "COLOUR"),
            ("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;broken", "without '='"),
            ("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;=x", "without a key"),
            (arguments + ";MAC=x", "MAC"), (arguments + ";IP=10.0.0.300", "IP"),
            (arguments + ";CONTRAIL_VMI=x", "CONTRAIL_VMI"),
        ]
    )
    func `CNI_ARGS are checked pair by pair`(arguments: String, name: String) throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("web")
        let variables = ["CNI_ARGS": arguments]
        let error = try pod.call("contrail-cni", "ADD", lab.contrail(), variables: variables).error()
        #expect(error.code == 4 && error.message.contains(name), "\(error)")
    }

    @Test func `unknown CNI_ARGS pass where the runtime says so`() throws {
        let lab = try PluginLab()
        let variables = ["CNI_ARGS": Self.arguments + ";COLOUR=blue;K8S_POD_INFRA_CONTAINER_ID=x"]
        let outcome = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail(), variables: variables)
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test(.rule("OPTIONS-3"))
    func `a MAC or address that the agent does not give is refused, the right one taken`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let first = try pod.call("contrail-cni", "ADD", lab.contrail()).document()
        let mac = try #require((first["interfaces"] as? [[String: Any]])?[1]["mac"] as? String)
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        let right = #"{"mac": "\#(mac.uppercased())", "ips": ["10.47.0.1/16", "fd00:47::1"]}"#
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(more: ", \"runtimeConfig\": \(right)"))
        #expect(try outcome.addresses() == ["10.47.0.1", "fd00:47::1"], "\(outcome.output)")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        for (wrong, said) in [
            (#"{"mac": "02:00:00:00:00:99"}"#, "MAC address 02:00:00:00:00:99"),
            (#"{"ips": ["10.47.0.77"]}"#, "10.47.0.77"),
            (#"{"ips": ["10.47.0.1/24"]}"#, "10.47.0.1"),
        ] {
            let error = try pod.call(
                "contrail-cni",
                "ADD",
                lab.contrail(more: ", \"runtimeConfig\": \(wrong)")
            ).error()
            #expect(error.message.contains(said), "\(error)")
            #expect(try lab.leftovers().isEmpty)
        }
    }

    @Test(.rule("OPTIONS-4"))
    func `runtimeConfig goes before args-cni, which goes before CNI_ARGS`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let good = #""ips": ["10.47.0.1"]"#
        let bad = #""ips": ["10.47.0.99"]"#
        let variables = ["CNI_ARGS": Self.arguments + ";IP=10.47.0.99"]
        let both = #", "runtimeConfig": {\#(good)}, "args": {"cni": {\#(bad)}}"#
        let first = try pod.call("contrail-cni", "ADD", lab.contrail(more: both), variables: variables)
        #expect(first.status == 0, "\(first.output)")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        let second = try pod.call(
            "contrail-cni",
            "ADD",
            lab.contrail(more: #", "args": {"cni": {\#(good)}}"#),
            variables: variables
        )
        #expect(second.status == 0, "\(second.output)")
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        let third = try pod.call("contrail-cni", "ADD", lab.contrail(), variables: variables).error()
        #expect(third.code == 11 && third.message.contains("10.47.0.99"), "\(third)")
    }

    @Test(.rule("OPTIONS-5"), arguments: ["", PluginLab.vmInterface])
    func `bandwidth limits both directions, is checked, and goes with DEL`(more: String) throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        // The first pod of a network brings its bridge.
        let other = try lab.pod("other")
        #expect(try other.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        #expect(try other.namespace.pings("10.47.255.254") && other.namespace.pings("fd00:47::fe"))
        let before = try lab.node.dump()
        let limit =
            #""bandwidth": {"ingressRate": 8000000, "ingressBurst": 80000, "egressRate": 4000000, "egressBurst": 80000}"#
        let config = more.isEmpty ? ", \"runtimeConfig\": {\(limit)}" : more.dropLast() + ", \(limit)}"
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(more: String(config)))
        let host = try #require(
            (try outcome.document()["interfaces"] as? [[String: Any]])?[0]["name"] as? String,
            "\(outcome.output)"
        )
        let qdiscs = try TestProgram.succeed("tc", "-n", lab.node.name, "qdisc")
        #expect(qdiscs.contains("tbf 1: dev \(host) root"), "\(qdiscs)")
        #expect(qdiscs.contains("rate 8Mbit") && qdiscs.contains("rate 4Mbit"), "\(qdiscs)")
        if more.isEmpty {
            #expect(try pod.namespace.pings("10.47.255.254") && pod.namespace.pings("fd00:47::fe"))
            // 1 MB a second towards the pod, half of it from there: 1.5 MB take that long, more or less.
            for (from, to, least) in [(lab.node, "10.47.0.2", 1.0), (pod.namespace, "10.47.255.254", 2.2)] {
                let ping = try from.run(
                    ["ping", "-n", "-q", "-f", "-l", "40", "-c", "1100", "-s", "1400", "-W", "1", to],
                    seconds: 60
                )
                #expect(ping.seconds > least, "\(ping.output)")
            }
        }
        let previous = config + ", \"prevResult\": \(outcome.output)"
        #expect(try pod.call("contrail-cni", "CHECK", lab.contrail(more: previous)).status == 0)
        try TestProgram.succeed("tc", "-n", lab.node.name, "qdisc", "del", "dev", host, "root")
        let error = try pod.call("contrail-cni", "CHECK", lab.contrail(more: previous)).error()
        #expect(
            error.code == 100 && error.message.contains("rate in bytes a second is unlimited"),
            "\(error)"
        )
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail(more: String(config))).status == 0)
        let after = try lab.node.dump()
        let changed = Set(after.split(separator: "\n")).symmetricDifference(before.split(separator: "\n"))
        #expect(changed.isEmpty, "\(changed)")
    }

    @Test(.rule("OPTIONS-6"))
    func `the runtime's DNS goes before the agent's`() throws {
        let lab = try PluginLab()
        let dns =
            #", "runtimeConfig": {"dns": {"servers": ["10.96.0.10"], "searches": ["a.b"], "options": ["ndots:5"]}}"#
        let result = try lab.pod("web").call("contrail-cni", "ADD", lab.contrail(more: dns)).document()
        let given = try #require(result["dns"] as? [String: [String]])
        #expect(given == ["nameservers": ["10.96.0.10"], "search": ["a.b"], "options": ["ndots:5"]])
    }
}
