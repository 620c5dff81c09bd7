// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One error in CNI's form that names what is wrong, exit status 1, in bounded time, and nothing left behind.
@Suite(.serialized) struct BadInputNamespaceTests {
    struct Fault: CustomTestStringConvertible {
        let fault: String
        let code: Int
        let message: String
        var testDescription: String { fault }
    }

    static let faults = [
        Fault(fault: #"{"kind": "hang", "path": "/vm-cfg"}"#, code: 11, message: "no answer in time"),
        Fault(
            fault: #"{"kind": "close", "path": "/vm-cfg"}"#,
            code: 11,
            message: "the connection ended before"
        ),
        Fault(fault: #"{"kind": "garbage", "path": "/vm-cfg"}"#, code: 999, message: "can't be understood"),
        Fault(
            fault: #"{"kind": "halfReply", "path": "/vm-cfg"}"#,
            code: 11,
            message: "the connection ended before"
        ),
        Fault(
            fault: #"{"kind": "status", "code": 503, "path": "/vm-cfg"}"#,
            code: 999,
            message: "status 503"
        ),
        Fault(fault: #"{"kind": "invalidMAC", "path": "/vm-cfg"}"#, code: 999, message: "mac-address"),
        Fault(
            fault: #"{"kind": "status", "code": 500, "method": "POST"}"#,
            code: 999,
            message: "POST /vm: refused with status 500"
        ),
        Fault(
            fault: #"{"kind": "hang", "method": "POST"}"#,
            code: 11,
            message: "POST /vm: no answer in time"
        ),
        Fault(
            fault: #"{"kind": "garbage", "method": "POST"}"#,
            code: 999,
            message: "POST /vm: the answer can't be understood"
        ),
        Fault(
            fault: #"{"kind": "hang", "method": "GET", "path": "/vm/"}"#,
            code: 11,
            message: "no answer in time"
        ),
        Fault(
            fault: #"{"kind": "halfReply", "method": "GET", "path": "/vm/", "times": 30}"#,
            code: 11,
            message: "the connection ended"
        ),
        Fault(
            fault: #"{"kind": "status", "code": 404, "method": "GET", "path": "/vm/"}"#,
            code: 11,
            message: "not there yet"
        ),
    ]

    @Test(.rule("ADD-2", "ADD-3"), arguments: faults)
    func `an agent that misbehaves`(fault: Fault) throws {
        let lab = try PluginLab(simulator: #", "faults": [\#(fault.fault)]"#)
        let pod = try lab.pod("web")
        for more in ["", PluginLab.vmInterface] {
            let before = try pod.namespace.dump()
            let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(more: more))
            let error = try outcome.error()
            #expect(outcome.status == 1)
            #expect(error.message.contains(fault.message), "\(error)")
            #expect(error.code == fault.code)
            #expect(outcome.seconds < 12)
            let after = try pod.namespace.dump()
            #expect(after == before)
        }
        let left = try lab.leftovers().filter { !$0.hasPrefix("state/owed/") }
        #expect(left == [])
    }

    @Test func `no agent at all`() throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("web")
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail())
        let error = try outcome.error()
        #expect(outcome.status == 1 && error.code == 11)
        #expect(
            error.message
                == "vRouter agent at 127.0.0.1:9091, GET /vm-cfg/k8s__default__web: cannot connect: Connection refused; is the agent running?"
        )
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test(
        .rule("CONF-1", "CONF-2", "CONF-3", "OUT-1"),
        arguments: [
            ("", 6, "not valid JSON"), ("{", 6, "not valid JSON"), ("[]", 6, "expected an object"),
            ("{}", 7, "\"name\""), (#"{"name": 5}"#, 7, "\"name\""), (#"{"name": "../x"}"#, 7, "\"name\""),
            (#"{"cniVersion": "9.9", "name": "n"}"#, 1, "9.9"), (#"{"name": "n", "name": "m"}"#, 6, "twice"),
            (#"{"name": "n", "contrail": []}"#, 7, "contrail"),
            (#"{"name": "n", "contrail": {"mtu": "big"}}"#, 7, "contrail.mtu"),
            (#"{"name": "n", "contrail": {"mtu": 10}}"#, 7, "contrail.mtu"),
            (#"{"name": "n", "contrail": {"vrouter-ip": "localhost"}}"#, 7, "contrail.vrouter-ip"),
            (#"{"name": "n", "contrail": {"vrouter-port": 70000}}"#, 7, "contrail.vrouter-port"),
            (#"{"name": "n", "contrail": {"vif-type": "ipvlan"}}"#, 7, "contrail.vif-type"),
            (#"{"name": "n", "contrail": {"config-dir": "relative"}}"#, 7, "contrail.config-dir"),
            (
                #"{"name": "n", "runtimeConfig": {"vmInterface": {"queues": 2}}}"#, 7,
                "runtimeConfig.vmInterface.ownerUID"
            ),
            (
                #"{"name": "n", "runtimeConfig": {"vmInterface": {"kind": "x", "ownerUID": 1}}}"#, 7,
                "runtimeConfig.vmInterface.kind"
            ),
        ]
    )
    func `a missing or malformed configuration`(text: String, code: Int, field: String) throws {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("web")
        let outcome = try pod.call("contrail-cni", "ADD", text)
        let error = try outcome.error()
        #expect(outcome.status == 1)
        #expect(error.code == code && error.message.contains(field), "\(error)")
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test(
        .rule("ENV-2", "ENV-3", "ENV-5", "ENV-6"),
        arguments: [
            (["CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=../../etc"], 4, "K8S_POD_NAME"),
            (["CNI_ARGS": "K8S_POD_NAMESPACE=../..;K8S_POD_NAME=web"], 4, "K8S_POD_NAMESPACE"),
            (["CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=a/b"], 4, "K8S_POD_NAME"),
            (["CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=we_b"], 4, "K8S_POD_NAME"),
            (["CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=a b"], 4, "K8S_POD_NAME"),
            (["CNI_ARGS": "K8S_POD_NAMESPACE=default"], 4, "K8S_POD_NAME is missing"),
            (["CNI_ARGS": "nonsense"], 4, "CNI_ARGS"),
            (["CNI_CONTAINERID": "../../etc"], 4, "CNI_CONTAINERID"),
            (["CNI_CONTAINERID": ""], 4, "CNI_CONTAINERID"),
            (["CNI_IFNAME": "a/b"], 4, "CNI_IFNAME"), (["CNI_IFNAME": "sixteen-byte-nam"], 4, "CNI_IFNAME"),
            (["CNI_NETNS": "relative"], 4, "CNI_NETNS"),
            (["CNI_NETNS": "/run/netns/cvt-not-there"], 4, "CNI_NETNS"),
            (["CNI_NETNS": "/proc/self/ns/net"], 8, "network namespace that the plugin runs in"),
            (["CNI_COMMAND": "FROB"], 4, "FROB"),
        ]
    )
    func `a hostile or incomplete environment`(variables: [String: String], code: Int, message: String) throws
    {
        let lab = try PluginLab(simulator: nil)
        let pod = try lab.pod("web")
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(), variables: variables)
        let error = try outcome.error()
        #expect(outcome.status == 1)
        #expect(error.code == code && error.message.contains(message), "\(error)")
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test func `a VM name that the agent would not survive never reaches it`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let name = String(repeating: "a", count: 250)
        let outcome = try pod.call(
            "contrail-cni",
            "ADD",
            lab.contrail(),
            variables: ["CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=\(name)"]
        )
        #expect(try outcome.error().message.contains("longer than 255 bytes"))
    }

    @Test(.rule("VERSION-1"))
    func `VERSION answers without standard input, and STATUS tells whether the agent serves`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let version = try pod.call("contrail-cni", "VERSION", "").document()
        #expect((version["supportedVersions"] as? [String])?.count == 7)
        #expect(try pod.call("contrail-cni", "STATUS", lab.contrail()).status == 0)
        lab.simulator?.stop()
        let outcome = try pod.call("contrail-cni", "STATUS", lab.contrail())
        #expect(try outcome.error().code == 50)
    }

    @Test func `a second ADD of an attachment is refused and changes nothing`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        #expect(try pod.call("contrail-cni", "ADD", lab.contrail()).status == 0)
        // Once pings go through, the kernel has finished setting the link up by itself.
        #expect(try pod.namespace.pings("10.47.255.254") && pod.namespace.pings("fd00:47::fe"))
        let before = (try pod.namespace.dump(), try lab.leftovers())
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail())
        #expect(outcome.status == 1)
        #expect(try outcome.error().message.contains("already"))
        let after = (try pod.namespace.dump(), try lab.leftovers())
        #expect(after.0 == before.0)
        #expect(after.1 == before.1)
    }
}
