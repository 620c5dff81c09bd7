// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// VLAN sub-interfaces: pods of a node that itself is a VM on the network, and VLANs in pods.
///
/// The node is a guest, because it needs VLAN devices. Its eth0 is a veth; at the far end, in the namespace
/// `outer`, stands what the outer vRouter is: a gateway on each VLAN.
@Suite(.serialized, .timeLimit(.minutes(5))) struct NestedModeGuestTests {
    private static let booted = Result {
        let node = try GuestNode(programs: [
            "/cni/contrail-cni": TestPrograms.plugin("contrail-cni"),
            "/cni/tap-bridge": TestPrograms.plugin("tap-bridge"),
            "/cni/vrouter-sim": TestPrograms.path("vrouter-sim"),
        ])
        try node.succeed(Self.set + Self.functions)
        return node
    }

    /// Runs a script with the functions; the script ends at the first command that fails.
    private func run(_ script: String, seconds: Double = 60) throws -> TestProgram.Outcome {
        try Self.booted.get().run(". /tmp/functions\n\(script)\n", seconds: seconds)
    }

    /// Runs a script that must succeed.
    private func succeed(_ script: String, seconds: Double = 60) throws -> String {
        try Self.booted.get().succeed(". /tmp/functions\nset -e\n\(script)\n", seconds: seconds)
    }

    private static let networks = """
        [{"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "name": "default-domain:k8s-default:pods",
          "v4": {"subnet": "10.47.0.0/16", "gateway": "10.47.255.254", "dns": "10.47.255.253"},
          "v6": {"subnet": "fd00:47::/64", "gateway": "fd00:47::fe", "dns": "fd00:47::fd"}},
         {"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0002", "name": "default-domain:k8s-default:lan",
          "v4": {"subnet": "10.48.0.0/16", "gateway": "10.48.255.254", "dns": "10.48.255.253"}}]
        """

    private static func pod(_ name: String, _ number: Int, _ interfaces: String...) -> String {
        #"{"name": "\#(name)", "uuid": "b0f5a0e4-0000-4a7e-8a0e-0d9e5b7f1c0\#(number)", "interfaces": ["#
            + interfaces.joined(separator: ", ") + "]}"
    }

    /// The last digits of an interface's UUID and address are its number; its MAC is 02 and 00000000-00 behind.
    private static func interface(_ number: Int, _ more: String, network: String = "pods") -> String {
        let net = network == "pods" ? 47 : 48
        let v6 = network == "pods" ? #", "v6": "fd00:47::\#(number)""# : ""
        return
            #"{"network": "default-domain:k8s-default:\#(network)", "vmi": "000000\#(number)-3a90-11ee-9c41-0242ac110000","#
            + #" "v4": "10.\#(net).0.\#(number)"\#(v6)\#(more)}"#
    }

    private static let parent = #", "parent": "00000010-3a90-11ee-9c41-0242ac110000""#

    private static let simulator = """
        {"listen": {"address": "127.0.0.1", "port": 9091}, "stateDirectory": "/run/lab/ports",
         "runDirectory": "/run/sim", "dataPlane": false, "networks": \(networks), "pods": [
        \(pod("node", 1, interface(10, "")))
        ,\(pod("web", 2, interface(11, #", "vlan": 100"# + parent)))
        ,\(pod("db", 3, interface(12, #", "vlan": 200"# + parent)))
        ,\(pod("clash", 4, interface(13, #", "vlan": 100"# + parent)))
        ,\(pod("plain", 5, interface(14, "")))
        ,\(pod("vnf", 6, interface(15, #", "index": 0"#),
            interface(16, #", "index": 1, "vlan": 300, "parent": "00000015-3a90-11ee-9c41-0242ac110000", "annotations": {"network": "lan", "interface": "lan0"}"#, network: "lan")))
        ,\(pod("two", 7, interface(17, #", "index": 0, "vlan": 101"# + parent),
            interface(18, #", "index": 1, "vlan": 102, "annotations": {"network": "lan"}"# + parent, network: "lan")))
        ]}
        """

    /// The network and the simulator.
    private static let set = """
        set -e
        mkdir -p /run/lab
        ip netns add outer
        ip link add eth0 type veth peer name far0 netns outer
        ip link set eth0 up
        ip -n outer link set lo up
        ip -n outer link set far0 up
        for tag in 100 101 102 200; do
            ip -n outer link add link far0 name far0.$tag type vlan id $tag
            ip -n outer link set far0.$tag up
        done
        # Each VLAN is a link of its own with the same gateway: a namespace for each but the first.
        for tag in 101 102 200; do
            ip netns add gw$tag
            ip -n outer link set far0.$tag netns gw$tag
            ip -n gw$tag link set far0.$tag up
        done
        gateway() { ip -n $1 addr add $3 dev $2 && ip -n $1 -6 addr add fd00:47::fe/64 dev $2 nodad; }
        gateway outer far0.100 10.47.255.254/16
        gateway gw101 far0.101 10.47.255.254/16
        gateway gw200 far0.200 10.47.255.254/16
        gateway gw102 far0.102 10.48.255.254/16
        cat > /run/lab/sim.json <<'JSON'
        \(simulator)
        JSON
        /cni/vrouter-sim --config /run/lab/sim.json > /run/lab/sim.log 2>&1 &
        for try in $(seq 100); do grep -q ready /run/lab/sim.log && break; sleep 0.1; done
        grep ready /run/lab/sim.log || { cat /run/lab/sim.log; exit 1; }

        """

    /// What the tests' scripts call.
    private static let functions = #"""
        cat > /tmp/functions <<'FUNCTIONS'
        # conf KEYS [MORE]: a configuration
        conf() {
            echo '{"cniVersion":"1.1.0","name":"pods","type":"contrail-cni","contrail":{"config-dir":"/run/lab/ports/vm",
            "run-dir":"/run/lab/run","state-dir":"/run/lab/state","log-file":"/run/lab/log","poll-timeout":1,
            "poll-retries":2'"$1"'}'"$2"'}'
        }
        nested() { conf ', "vif-type":"macvlan", "mtu": "auto"'"$1" "$2"; }
        # cni VERB POD [IFNAME [SANDBOX]]: standard input is the configuration
        cni() {
            ip netns add $2-${4:-1} 2> /dev/null || true
            CNI_COMMAND=$1 CNI_CONTAINERID=$2-${4:-1} CNI_NETNS=/run/netns/$2-${4:-1} CNI_IFNAME=${3:-eth0} CNI_PATH=/cni \
                CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$2" $wrap ${plugin:-/cni/contrail-cni}
        }
        # inside POD COMMAND...: in the first sandbox of a pod, or in POD.SANDBOX
        inside() { local pod=$1; shift; ip netns exec $pod "$@"; }
        pings() { inside $1 ping -q -c 1 -W 2 $2 > /dev/null; }
        leftovers() {
            ip -o link | cut -d: -f2 | cut -d@ -f1 | grep -vE '^ (lo|eth0|ifb.)$' || true
            find /run/lab/run /run/lab/state /run/lab/ports/vm -type f 2> /dev/null || true
            for space in $(ip netns list | cut -d' ' -f1 | grep -- -); do
                ip -o -n $space link | cut -d: -f2 | cut -d@ -f1 | grep -v '^ lo$' | sed "s/^/$space/"
            done
        }
        FUNCTIONS
        """#

    private func json(_ text: String) throws -> [String: Any] {
        var object: Any?
        do { object = try JSONSerialization.jsonObject(with: Data(text.utf8)) } catch {}
        return try #require(object as? [String: Any], "\(text)")
    }

    /// The code and message of a call that must fail.
    private func failure(_ script: String) throws -> (code: Int, text: String) {
        let outcome = try run(script)
        let document = try json(outcome.output)
        #expect(outcome.status == 1)
        let text = "\(document["msg"] as? String ?? "") \(document["details"] as? String ?? "")"
        return (document["code"] as? Int ?? 0, text)
    }

    private func nothingIsLeft() throws {
        let left = try succeed("leftovers")
        #expect(left == "")
    }

    @Test(.rule("NESTED-1"))
    func `two pods with two tags are on their networks, and their frames carry the tags`() throws {
        for (pod, number, tag) in [("web", 11, 100), ("db", 12, 200)] {
            let result = try json(try succeed("nested | cni ADD \(pod)"))
            let devices = try #require(result["interfaces"] as? [[String: Any]])
            let host = try #require(devices.first?["name"] as? String)
            #expect(devices.count == 2 && host.hasPrefix("vlan") && devices[0]["sandbox"] == nil)
            #expect(devices[1]["name"] as? String == "eth0")
            #expect(devices[1]["mac"] as? String == "02:00:00:00:\(number):3a")
            #expect(devices[1]["sandbox"] as? String == "/run/netns/\(pod)-1")
            let ips = try #require(result["ips"] as? [[String: Any]])
            #expect(
                ips.map { $0["address"] as? String } == ["10.47.0.\(number)/16", "fd00:47::\(number)/64"]
            )
            let shown = try succeed("ip -d link show \(host); ip -d -n \(pod)-1 link show eth0")
            #expect(
                shown.contains("vlan protocol 802.1Q id \(tag)") && shown.contains("macvlan mode vepa"),
                "\(shown)"
            )
            for address in ["10.47.255.254", "fd00:47::fe"] {
                let answer = try run("pings \(pod)-1 \(address)")
                #expect(answer.status == 0, "\(pod) \(address)")
            }
            let seen = try succeed(
                """
                ip netns exec outer timeout 10 tcpdump -Z root -e -n -c 2 -i far0 vlan \(tag) > /tmp/seen 2>&1 &
                sleep 0.5
                pings \(pod)-1 10.47.255.254
                wait
                cat /tmp/seen
                """
            )
            #expect(
                seen.contains("ethertype 802.1Q (0x8100)") && seen.contains("vlan \(tag), p 0"),
                "\(seen)"
            )
            let routes = try succeed("ip -n \(pod)-1 route; ip -n \(pod)-1 -6 route")
            #expect(
                routes.contains("default via 10.47.255.254") && routes.contains("default via fd00:47::fe")
            )
        }
        // Another tag is another network.
        let across = try run("pings web-1 10.47.0.12")
        #expect(across.status != 0)
        for pod in ["web", "db"] {
            let done = try run("nested | cni DEL \(pod) && nested | cni DEL \(pod)")
            #expect(done.status == 0 && done.output == "", "\(done.output)")
        }
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-2"))
    func `the agent is asked and told nothing, and DEL goes on without it`() throws {
        let trace = "wrap='strace -f -s 16 -e trace=write,send,sendto -o /tmp/trace'"
        for verb in ["ADD", "DEL"] {
            let requests = try succeed(
                "\(trace); nested | cni \(verb) web > /dev/null; grep -oE '\"(GET|POST|DELETE|PUT) /[a-z-]*' /tmp/trace || true"
            )
            let expected = verb == "ADD" ? ["\"GET /vm-cfg", "\"GET /vm"] : []
            #expect(requests.split(separator: "\n").map(String.init) == expected)
        }
        let gone = try succeed(
            "nested | cni ADD web > /dev/null; ip netns del web-1; nested ', \"vrouter-port\": 9' | cni DEL web"
        )
        #expect(gone == "")
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-3"))
    func `CHECK passes what ADD left, and names a changed tag, mode, MTU and address`() throws {
        let add =
            "nested | cni ADD web > /tmp/result; check() { nested '' \", \\\"prevResult\\\": $(cat /tmp/result)\" | cni CHECK web; }"
        let passed = try succeed("\(add); check")
        #expect(passed == "")
        let other = """
            check() { nested '' ", \\"prevResult\\": $(cat /tmp/result)" | cni CHECK web; }
            host=$(ip -o link | grep -o 'vlan[0-9a-f]*' | head -1)
            """
        func differs(_ change: String) throws -> String {
            let found = try failure("\(other)\n\(change)\ncheck")
            #expect(found.code == 100, "\(found)")
            return found.text
        }
        let mode = try differs("ip -n web-1 link set eth0 type macvlan mode bridge")
        #expect(mode.contains("eth0: its mode is bridge, not vepa"), "\(mode)")
        let mtu = try differs(
            "ip -n web-1 link set eth0 mtu 1400; ip -n web-1 addr del 10.47.0.11/16 dev eth0"
        )
        #expect(mtu.contains("its MTU is 1400") && mtu.contains("address 10.47.0.11/16 is missing"), "\(mtu)")
        let tag = try differs(
            """
            ip link del $host
            ip link add link eth0 name $host type vlan id 101
            ip link set $host up
            ip link add link $host name m0 netns web-1 address 02:00:00:00:11:3a type macvlan mode vepa
            ip -n web-1 link set m0 name eth0
            """
        )
        #expect(tag.contains("its VLAN tag is 101, not 100") && tag.contains("eth0: it is down"), "\(tag)")
        let gone = try differs("ip link del $host")
        #expect(gone.contains("it does not exist on the node"), "\(gone)")
        let deleted = try succeed("nested | cni DEL web")
        #expect(deleted == "")
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-4"))
    func `another pod's tag is never taken, an older sandbox's is`() throws {
        _ = try succeed("nested | cni ADD web")
        let clash = try failure("nested | cni ADD clash")
        #expect(
            clash.code == 11 && clash.text.contains("interface eth0 of container web-1 of pod default/web"),
            "\(clash)"
        )
        let foreign = try failure("ip link add link eth0 name admin type vlan id 200; nested | cni ADD db")
        #expect(
            foreign.code == 999 && foreign.text.contains("VLAN 200 of eth0 is taken by admin"),
            "\(foreign)"
        )
        _ = try succeed("ip link show admin; ip link del admin; pings web-1 10.47.255.254")
        // The new sandbox takes over; the old one's late DEL does not hit it.
        _ = try succeed("nested | cni ADD web eth0 2; pings web-2 10.47.255.254")
        let old = try succeed(
            "ip -o -n web-1 link; nested | cni DEL web; pings web-2 10.47.255.254; pings web-2 fd00:47::fe"
        )
        #expect(!old.contains("eth0"))
        let again = try succeed(
            "nested | cni DEL web eth0 2; nested | cni ADD clash; pings clash-1 10.47.255.254"
        )
        #expect(again.contains("10.47.0.13"))
        _ = try succeed("nested | cni DEL clash")
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-5"))
    func `killed at any of its requests to the kernel, DEL removes what was made, and ADD works again`()
        throws
    {
        let kills = try succeed(
            """
            set +e
            for number in $(seq 1 60); do
                wrap="strace -o /dev/null -e trace=sendmsg -e inject=sendmsg:signal=SIGKILL:when=$number"
                nested | cni ADD web > /dev/null 2>&1 && break
                wrap=
                # With its record in place it is finished: only its answer was lost.
                [ -e /run/lab/run/interfaces/web-1/eth0.json ] || nested | cni ADD web > /dev/null ||
                    echo "no ADD after $number"
                nested | cni DEL web || echo "no DEL after $number"
                left=$(leftovers)
                [ -z "$left" ] || echo "after $number: $left"
            done
            wrap=
            nested | cni DEL web
            echo "killed $((number - 1)) times"
            """,
            seconds: 120
        )
        let lines = kills.split(separator: "\n")
        #expect(lines.count == 1, "\(kills)")
        let count = kills.matches(of: /killed (\d+) times/).first.flatMap { Int($0.1) } ?? 0
        #expect((8..<50).contains(count), "\(kills)")
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-6"))
    func `one call makes all sub-interfaces of a pod, and what can't be made is named`() throws {
        let all = #"nested ', "interfaces": "all"'"#
        let result = try json(try succeed("\(all) | cni ADD two"))
        let devices = try #require(result["interfaces"] as? [[String: Any]])
        #expect(devices.filter { $0["sandbox"] != nil }.map { $0["name"] as? String } == ["eth0", "eth1"])
        _ = try succeed("pings two-1 10.47.255.254; pings two-1 10.48.255.254; \(all) | cni DEL two")
        try nothingIsLeft()
        let untagged = try failure("nested | cni ADD plain")
        #expect(untagged.code == 11 && untagged.text.contains("has no VLAN tag"), "\(untagged)")
        let missing = try failure(#"nested ', "parent-interface": "eth7"' | cni ADD web"#)
        #expect(missing.code == 7 && missing.text.contains("no interface eth7"), "\(missing)")
        let large = try failure(#"conf ', "vif-type": "macvlan", "mtu": 9000' | cni ADD web"#)
        #expect(large.code == 7 && large.text.contains("eth0 has 1500"), "\(large)")
        let taken = try failure("ip -n web-1 link add eth0 type ifb; nested | cni ADD web")
        #expect(taken.code == 999 && taken.text.contains("eth0"), "\(taken)")
        _ = try succeed("ip -n web-1 link show eth0; ip -n web-1 link del eth0")
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-8"))
    func `GC removes what no attachment needs, and DEL what the Go plugin left`() throws {
        let kept = try succeed(
            """
            nested | cni ADD web > /dev/null
            nested '' ', "cni.dev/valid-attachments": [{"containerID": "web-1", "ifname": "eth0"}]' | cni GC web
            pings web-1 10.47.255.254
            nested '' ', "cni.dev/valid-attachments": []' | cni GC web
            """
        )
        #expect(kept == "")
        try nothingIsLeft()
        let deleted = try succeed(
            """
            folder=/run/lab/ports/vm/k8s__default__web
            mkdir -p $folder
            echo '{"time": "2020-01-01", "vm-id": "web-1", "vm-uuid": "b0f5a0e4-0000-4a7e-8a0e-0d9e5b7f1c02",
                "vm-name": "k8s__default__web", "host-ifname": "vlaneth0-b0f5a0", "vm-ifname": "eth0",
                "vm-namespace": "/run/netns/web-1", "vn-uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001",
                "vmi-uuid": "00000011-3a90-11ee-9c41-0242ac110000"}' > $folder/00000011-3a90-11ee-9c41-0242ac110000
            ip link add link eth0 name vlaneth0-b0f5a0 type vlan id 100
            nested ', "vrouter-port": 9' | cni DEL web
            """
        )
        #expect(deleted == "")
        try nothingIsLeft()
    }

    @Test(.rule("NESTED-7"))
    func `a VM on a nested node gets a tap on the macvlan by tap-bridge`() throws {
        let vm = #", "runtimeConfig": {"vmInterface": {"kind": "tap", "queues": 2, "ownerUID": 64200}}"#
        let shown = try succeed(
            """
            nested | cni ADD web > /tmp/result
            bridge() {
                echo '{"cniVersion":"1.1.0","name":"pods","type":"tap-bridge","run-dir":"/run/lab/run"\(vm),
                    "prevResult": '"$(cat /tmp/result)"'}'
            }
            plugin=/cni/tap-bridge
            bridge | cni ADD web > /dev/null
            ip -d -n web-1 link
            cat /run/lab/run/interfaces/web-1/eth0.json
            bridge | cni DEL web
            plugin=
            nested | cni DEL web
            """
        )
        #expect(shown.contains("tun type tap") && shown.contains(#""subInterface""#), "\(shown)")
        try nothingIsLeft()
    }

    // VLANs in a pod

    @Test(.rule("SUBIF-1"))
    func `a sub-interface is a VLAN device on the pod's first interface`() throws {
        let all = #"conf ', "interfaces": "all"'"#
        let result = try json(try succeed("\(all) | cni ADD vnf | tee /tmp/result"))
        let devices = try #require(result["interfaces"] as? [[String: Any]])
        #expect(devices.map { $0["name"] as? String }.suffix(2) == ["eth0", "lan0"] && devices.count == 3)
        #expect(devices.last?["mac"] as? String == "02:00:00:00:16:3a")
        let host = try #require(devices.first?["name"] as? String)
        let shown = try succeed(
            "ip -d -n vnf-1 link show lan0; ip -n vnf-1 addr show lan0; ip -n vnf-1 route"
        )
        #expect(shown.contains("lan0@eth0") && shown.contains("vlan protocol 802.1Q id 300"), "\(shown)")
        #expect(
            shown.contains("10.48.0.16/16") && shown.contains("default via 10.47.255.254 dev eth0"),
            "\(shown)"
        )
        // What stands at the node's end is the vRouter: it takes frames apart by their tags.
        _ = try succeed(
            """
            ip link add link \(host) name peer type vlan id 300
            ip addr add 10.48.255.254/16 dev peer
            ip link set peer up
            pings vnf-1 10.48.255.254
            ip link del peer
            """
        )
        let check = #"\#(all) ", \"prevResult\": $(cat /tmp/result)" | cni CHECK vnf"#
        let passed = try succeed(check)
        #expect(passed == "")
        let changed = try failure(
            "ip -n vnf-1 link del lan0; ip -n vnf-1 link add link eth0 name lan0 type vlan id 301; \(check)"
        )
        #expect(
            changed.code == 100 && changed.text.contains("lan0: its VLAN tag is 301, not 300"),
            "\(changed)"
        )
        let deleted = try succeed("\(all) | cni DEL vnf")
        #expect(deleted == "")
        try nothingIsLeft()
    }

    @Test(.rule("SUBIF-2"))
    func
        `a meta plugin's call for a sub-interface waits for its parent, and keeps its hands off other devices`()
        throws
    {
        let lan = #"conf ', "network": "lan"'"#
        let early = try failure("\(lan) | cni ADD vnf net1")
        #expect(early.code == 11 && early.text.contains("ADD must be called for that one first"), "\(early)")
        let wrong = try failure(
            #"conf ', "interfaces": "one"' | cni ADD vnf > /dev/null; conf ', "network": "lan", "parent-interface": "eth5"' | cni ADD vnf net1"#
        )
        #expect(wrong.code == 11 && wrong.text.contains("no interface eth5"), "\(wrong)")
        let taken = try failure("ip -n vnf-1 link add net1 type ifb; \(lan) | cni ADD vnf net1")
        #expect(taken.code == 999 && taken.text.contains("net1 already"), "\(taken)")
        let made = try succeed(
            "ip -n vnf-1 link del net1; \(lan) | cni ADD vnf net1; ip -d -n vnf-1 link show net1"
        )
        #expect(made.contains("net1@eth0") && made.contains("id 300"), "\(made)")
        // In either order.
        let deleted = try succeed("conf '' | cni DEL vnf; \(lan) | cni DEL vnf net1")
        #expect(deleted == "")
        try nothingIsLeft()
    }

    @Test(.rule("SUBIF-3"))
    func `for a VM nothing is made, and the record tells tag and parent`() throws {
        let vm =
            #"conf ', "interfaces": "all"' ', "runtimeConfig": {"vmInterface": {"kind": "tap", "queues": 2, "ownerUID": 64200}}'"#
        let result = try json(try succeed("\(vm) | cni ADD vnf"))
        let devices = try #require(result["interfaces"] as? [[String: Any]])
        #expect(devices.map { $0["sandbox"] as? String } == [nil, "vnf-1", "vnf-1"], "\(devices)")
        let record = try json(try succeed("cat /run/lab/run/interfaces/vnf-1/lan0.json"))
        let attachment = try #require(record["attachment"] as? [String: Any])
        #expect(attachment["type"] as? String == "vlan" && attachment["tag"] as? Int == 300)
        #expect(attachment["parent"] as? String == "eth0" && attachment["namespace"] == nil)
        #expect((record["created"] as? [Any])?.isEmpty == true && record["port"] == nil)
        let links = try succeed("ip -o -n vnf-1 link; ip -o link")
        #expect(!links.contains("lan0"))
        let deleted = try succeed("\(vm) | cni DEL vnf")
        #expect(deleted == "")
        try nothingIsLeft()
    }
}
