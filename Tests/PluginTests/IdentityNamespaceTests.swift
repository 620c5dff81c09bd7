// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The same MAC and addresses over a restart in place, a reboot of the node and the re-creation of a pod.
@Suite(.serialized) struct IdentityNamespaceTests {
    private static let oldUID = "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"
    private static let newUID = "b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c22"
    private static let vmi = "7c1e0b52-3a90-11ee-9c41-0242ac110001"

    /// A pod of a StatefulSet whose interface an operator made beforehand.
    private static func pod(_ uid: String, more: String = "") -> String {
        """
        {"name": "db-0", "uuid": "\(uid)", "interfaces": [{"network": "default-domain:k8s-default:pods",
         "vmi": "\(vmi)", "mac": "02:7c:1e:0b:52:77", "v4": "10.47.0.77", "v6": "fd00:47::77"}\(more)]}
        """
    }

    private struct Identity: Equatable {
        let mac: String
        let addresses: [String]

        init(_ outcome: TestProgram.Outcome) throws {
            let interfaces = try outcome.document()["interfaces"] as? [[String: Any]]
            mac = interfaces?.last?["mac"] as? String ?? outcome.output
            addresses = try outcome.addresses()
        }
    }

    private func lab(_ more: String = "") throws -> PluginLab {
        try PluginLab(simulator: ", \"pods\": [\(Self.pod(Self.oldUID))]\(more)")
    }

    private func control(_ lab: PluginLab, _ command: String) throws {
        try Self.control("\(lab.simulator?.folder.path ?? "")/run/control.sock", command)
    }

    private static func control(_ socket: String, _ command: String) throws {
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode() + b"\\n")
            reply = s.recv(65536).decode(); print(reply); sys.exit(0 if '"ok":true' in reply else 1)
            """
        let line = command.split(separator: "\n").joined(separator: " ")
        try TestProgram.succeed("python3", "-c", script, socket, line)
    }

    private func arguments(_ uid: String, more: String = "") -> [String: String] {
        ["CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=db-0;K8S_POD_UID=\(uid)\(more)"]
    }

    private func add(
        _ pod: TestPod,
        _ lab: PluginLab,
        _ uid: String = oldUID,
        arguments more: String = "",
        config: String = "",
        retries: Int = 2
    ) throws -> Identity {
        try Identity(
            pod.call(
                "contrail-cni",
                "ADD",
                lab.contrail(retries: retries, more: config),
                variables: arguments(uid, more: more)
            )
        )
    }

    @Test(.rule("IDENTITY-1"), arguments: [true, false])
    func `a restart in place keeps MAC and addresses, whether DEL comes before or late`(isLate: Bool) throws {
        let lab = try lab()
        let (old, new) = (try lab.pod("db-0"), try lab.pod("db-0", sandbox: "2"))
        let first = try add(old, lab)
        #expect(first.mac == "02:7c:1e:0b:52:77" && first.addresses == ["10.47.0.77", "fd00:47::77"])
        if !isLate { #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0) }
        #expect(try add(new, lab) == first)
        if isLate { #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0) }
        #expect(try new.namespace.pings("10.47.255.254") && new.namespace.pings("fd00:47::fe"))
    }

    @Test(.rule("IDENTITY-2"))
    func `a reboot keeps MAC and addresses: same pod, new sandbox, files of the boot before`() throws {
        let lab = try lab()
        let (old, new) = (try lab.pod("db-0"), try lab.pod("db-0", sandbox: "2"))
        let first = try add(old, lab)
        // What a reboot takes: devices and /run. What it leaves: the agent's files; the agent starts anew.
        lab.simulator?.stop()
        let host = try TestProgram.succeed("ip", "-o", "-n", lab.node.name, "link").split(separator: " ")
            .compactMap { $0.hasPrefix("tap") ? String($0.prefix { $0 != "@" && $0 != ":" }) : nil }.first
        try TestProgram.succeed("ip", "-n", lab.node.name, "link", "del", #require(host))
        try FileManager.default.removeItem(atPath: "\(lab.folder.path)/run")
        try lab.simulator?.restart()
        #expect(try add(new, lab) == first)
        #expect(try new.namespace.pings("10.47.255.254"))
        let file = "\(lab.simulator?.folder.path ?? "")/ports/vm/k8s__default__db-0/\(Self.vmi)"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains(new.containerID), "the agent's file names the new sandbox")
        #expect(try new.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try lab.leftovers().isEmpty)
    }

    @Test(
        .rule("IDENTITY-3"),
        arguments: [
            (";CONTRAIL_VMI=\(vmi)", ""), (";MAC=02:7c:1e:0b:52:77;IP=10.47.0.77", ""),
            ("", #", "runtimeConfig": {"mac": "02:7c:1e:0b:52:77", "ips": ["10.47.0.77/16"]}"#),
            ("", #", "args": {"cni": {"vmi": "\#(vmi)"}}"#),
        ]
    )
    func `a pod made anew gets the identity that the user asks for`(more: String, config: String) throws {
        let lab = try lab()
        let (old, new) = (try lab.pod("db-0"), try lab.pod("db-0", sandbox: "2"))
        let first = try add(old, lab, arguments: more, config: config)
        #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        try control(lab, #"{"command": "delete-pod", "uuid": "\#(Self.oldUID)"}"#)
        // kube-manager makes a machine of its own for the new pod; the operator's interface is put under it.
        let other = """
            , {"network": "default-domain:k8s-default:pods", "vmi": "00000000-3a90-11ee-9c41-0242ac110009",
             "mac": "02:00:00:00:00:09", "v4": "10.47.0.9"}
            """
        try control(lab, #"{"command": "add-pod", "pod": \#(Self.pod(Self.newUID, more: other))}"#)
        #expect(try add(new, lab, Self.newUID, arguments: more, config: config) == first)
        #expect(try new.namespace.pings("10.47.255.254"))
    }

    @Test(.rule("IDENTITY-4"))
    func
        `an agent that forgets the name of a pod made anew is waited for, and the old pod's data is not taken`()
        throws
    {
        let lab = try lab(#", "switches": {"nameDefect": true}"#)
        let (old, new) = (try lab.pod("db-0"), try lab.pod("db-0", sandbox: "2"))
        _ = try add(old, lab)
        let renewed = Self.pod(Self.newUID).replacing("10.47.0.77", with: "10.47.0.88")
            .replacing(Self.vmi, with: "7c1e0b52-3a90-11ee-9c41-0242ac110088")
            .replacing("02:7c:1e:0b:52:77", with: "02:7c:1e:0b:52:88").replacing(
                "fd00:47::77",
                with: "fd00:47::88"
            )
        // While only the old machine is known, its data must not be taken for the new pod's.
        let early = try new.call("contrail-cni", "ADD", lab.contrail(), variables: arguments(Self.newUID))
            .error()
        #expect(early.code == 11, "\(early)")
        try control(lab, #"{"command": "add-pod", "pod": \#(renewed)}"#)
        try control(lab, #"{"command": "delete-pod", "uuid": "\#(Self.oldUID)"}"#)
        let refused = try new.call("contrail-cni", "ADD", lab.contrail(), variables: arguments(Self.newUID))
        #expect(try refused.error().code == 11, "\(refused.output)")
        #expect(refused.output.contains("forgot the name"), "\(refused.output)")
        // Once the machine is added again, ADD goes on.
        let socket = "\(lab.simulator?.folder.path ?? "")/run/control.sock"
        let healer = PlainThread {
            usleep(700_000)
            try? Self.control(socket, #"{"command": "add-pod", "pod": \#(renewed)}"#)
        }
        let identity = try add(new, lab, Self.newUID, retries: 10)
        healer.join()
        #expect(identity.addresses == ["10.47.0.88", "fd00:47::88"], "\(identity)")
        #expect(try old.call("contrail-cni", "DEL", lab.contrail()).status == 0)
        #expect(try new.namespace.pings("10.47.255.254"))
    }

    @Test func `ADD waits until the simulator is told of the pod by its UID, whatever it made up before`()
        throws
    {
        // The simulator makes up a UID at the first request.
        let lab = try PluginLab()
        let pod = try lab.pod("db-0")
        let socket = "\(lab.simulator?.folder.path ?? "")/run/control.sock"
        let teller = PlainThread {
            usleep(700_000)
            try? Self.control(
                socket,
                #"{"command": "add-pod", "pod": {"name": "db-0", "uid": "\#(Self.newUID)"}}"#
            )
        }
        let identity = try add(pod, lab, Self.newUID, retries: 10)
        teller.join()
        #expect(identity.addresses.count == 2, "\(identity)")
        #expect(try pod.namespace.pings("10.47.255.254"))
        #expect(try pod.call("contrail-cni", "DEL", lab.contrail()).status == 0)
    }
}
