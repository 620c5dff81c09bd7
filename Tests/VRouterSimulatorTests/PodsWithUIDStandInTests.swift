// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import VRouterSimulator

/// Pods that the control socket is told of by their UID, as kube-manager tells the controller.
@Suite struct PodsWithUIDStandInTests {
    private static let uid = "0c2f6a4e-1d7b-4d62-9d0e-5f1a2b3c4d5e"
    private static let other = "1c2f6a4e-1d7b-4d62-9d0e-5f1a2b3c4d5e"

    private func add(
        _ standIn: StandIn,
        _ uid: String = uid,
        name: String = "web",
        more: String = ""
    ) throws -> String {
        try standIn.control(
            #"{"command":"add-pod","pod":{"namespace":"shop","name":"\#(name)","uid":"\#(uid)"\#(more)}}"#
        )
    }

    private func pod(_ standIn: StandIn, _ name: String = "web") throws -> String {
        try standIn.control(#"{"command":"pod","name":"k8s__shop__\#(name)"}"#)
    }

    @Test(
        "A pod is told by its UID alone: it gets an interface in the default network, and the agent shows the UID"
    )
    func uidAlone() throws {
        let standIn = try StandIn()
        let told = try add(standIn)
        #expect(told.contains(#""uuid":"\#(Self.uid)""#) && told.contains(#""v4":"#), "\(told)")
        let shown = try #require(try standIn.request("GET", "/vm-cfg/k8s__shop__web")).body.text
        #expect(shown.contains(#""vm-uuid": "\#(Self.uid)""#), "\(shown)")
        // Said again, it changes nothing.
        #expect(try add(standIn) == told)
        #expect(try add(standIn, Self.uid.uppercased()).contains("in lower case"))
        #expect(try standIn.control(#"{"command":"delete-pod","uuid":"\#(Self.uid)"}"#) == "{\"ok\":true}\n")
        #expect(try standIn.request("GET", "/vm-cfg/k8s__shop__web")?.head.hasPrefix("HTTP/1.1 404") == true)
        // An address that was given back comes again as late as can be.
        let next = try add(standIn, Self.other, name: "next")
        #expect(!next.contains(try #require(told.firstMatch(of: /"v4":"[0-9.]+"/)).0), "\(next)")
    }

    @Test("A pod made anew under the same name has its own UID and an address of its own")
    func renewed() throws {
        let standIn = try StandIn()
        let first = try add(standIn)
        let second = try add(standIn, Self.other)
        #expect(first != second)
        #expect(try pod(standIn).contains(Self.other))
        _ = try standIn.control(#"{"command":"delete-pod","uuid":"\#(Self.uid)"}"#)
        #expect(try pod(standIn).contains(Self.other))
    }

    @Test("A UID takes the place of the one that was made up for an early request")
    func madeUp() throws {
        var configuration = Configuration.sample()
        configuration.autoProvision = true
        let standIn = try StandIn(configuration)
        _ = try standIn.request("GET", "/vm-cfg/k8s__shop__web")
        let before = try pod(standIn)
        #expect(!before.contains(Self.uid) && before.contains(#""ok":true"#), "\(before)")
        _ = try add(standIn)
        #expect(try pod(standIn).contains(Self.uid))
        let shown = try #require(try standIn.request("GET", "/vm-cfg/k8s__shop__web")).body.text
        #expect(shown.contains(Self.uid), "\(shown)")
    }

    @Test(
        "What is wrong with a pod is named",
        arguments: [
            (#""name":"web""#, "pod.uuid: is missing"),
            (#""name":"web","uid":"no""#, "pod.uid"),
            (#""name":"web","uid":"\#(uid)","uuid":"\#(uid)""#, "pod.uid: is what uuid means"),
            (#""uid":"\#(uid)""#, "pod.name"),
        ]
    )
    func wrong(_ members: String, _ reason: String) throws {
        let standIn = try StandIn()
        let answer = try standIn.control(#"{"command":"add-pod","pod":{\#(members)}}"#)
        #expect(answer.contains(#""ok":false"#) && answer.contains(reason), "\(answer)")
    }

    @Test("The example script tells of each pod that kubectl shows, and of those that go")
    func script() throws {
        let standIn = try StandIn()
        let events = try run(
            standIn,
            listed: [],
            events: [
                event("ADDED", "web", Self.uid),
                event("ADDED", "node-exporter", Self.other, #", "hostNetwork": true"#),
                event("ADDED", "going", "2c2f6a4e-1d7b-4d62-9d0e-5f1a2b3c4d5e"),
                event("DELETED", "going", "2c2f6a4e-1d7b-4d62-9d0e-5f1a2b3c4d5e"),
                event("ADDED", "static", "3c2f6a4e1d7b4d629d0e5f1a2b3c4d5e"),
                event("MODIFIED", "web", Self.uid),
            ]
        )
        #expect(
            events
                == "shop/web: \(Self.uid)\nshop/going: 2c2f6a4e-1d7b-4d62-9d0e-5f1a2b3c4d5e\nshop/going: gone\n"
        )
        #expect(try pod(standIn).contains(Self.uid))
        for name in ["node-exporter", "going", "static"] {
            #expect(try pod(standIn, name).contains("no such pod"), "\(name)")
        }
    }

    private func event(_ type: String, _ name: String, _ uid: String, _ spec: String = "") -> String {
        // As kubectl prints it, over several lines.
        """
        {
            "type": "\(type)",
            "object": {
                "metadata": {"namespace": "shop", "name": "\(name)", "uid": "\(uid)"},
                "spec": {"nodeName": "n1"\(spec)},
                "status": {"phase": "Pending"}
            }
        }
        """
    }

    /// The script with a kubectl of the test's own, until that has told all; what it printed.
    private func run(_ standIn: StandIn, listed: [String], events: [String]) throws -> String {
        let folder = standIn.folder
        let kubectl = """
            #!/bin/sh
            case "$*" in *--watch*) cat \(folder)/events; touch \(folder)/told; exec sleep 30 ;; *) cat \(folder)/list ;; esac
            """
        for (name, text) in [
            ("kubectl", kubectl), ("events", events.joined(separator: "\n") + "\n"),
            ("list", #"{"items": [\#(listed.joined(separator: ","))]}"#),
        ] {
            guard FileText.write(Bytes(text), to: Bytes("\(folder)/\(name)"), mode: 0o755) else {
                throw SystemError("write", name)
            }
        }
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let child = try ChildProcess(
            "sh",
            [
                "-c",
                """
                PATH=\(folder):$PATH exec /\(root)/conf/vrouter-sim/provision-pods --socket \(folder)/run/control.sock \
                > \(folder)/output
                """,
            ]
        )
        try Namespace.wait(for: "the last event") {
            let output = FileText.read(Bytes("\(folder)/output"))?.text ?? ""
            return FileText.read(Bytes("\(folder)/told")) != nil && output.contains("gone")
        }
        usleep(100_000)
        kill(child.id, SIGINT)
        try Namespace.wait(for: "its end") { child.hasEnded }
        return FileText.read(Bytes("\(folder)/output"))?.text ?? ""
    }
}
