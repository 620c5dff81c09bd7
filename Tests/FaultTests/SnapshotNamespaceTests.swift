// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The other suites look for what is left by snapshots: here, that a snapshot shows each kind of it.
@Suite(.serialized) struct SnapshotNamespaceTests {
    /// What a plugin could leave, as commands for the lab's node `N`, pod `P`, folders `F` and `A`.
    static let leaks = [
        "ip -n N link add left type veth peer name right", "ip -n P tuntap add left mode tap",
        "ip -n N addr add 192.0.2.1/32 dev lo", "ip -n P route add 192.0.2.0/24 dev lo",
        "ip -n P -6 route add 2001:db8::/64 dev lo", "tc -n P qdisc add dev lo ingress",
        "tc -n N qdisc add dev lo ingress;tc -n N filter add dev lo ingress protocol all u32 match u32 0 0 flowid 1:1",
        "mount --bind F F", "mkdir F/run/interfaces/c", "touch F/run/locks/l", "touch F/state/owed/.d.new",
        "touch A/vm/x", "mkdir A/vm/k8s__default__stray",
    ]

    @Test func `a snapshot shows what was left`() throws {
        let lab = try FaultLab(Scenario.all[0])
        for folder in ["run/interfaces", "run/locks", "state/owed"] {
            try FileManager.default.createDirectory(
                atPath: lab.folder.path(folder),
                withIntermediateDirectories: true
            )
        }
        for leak in Self.leaks {
            let before = try lab.snapshot()
            for command in leak.split(separator: ";") {
                let words = command.split(separator: " ").map { word in
                    switch word {
                    case "N": lab.node.name
                    case "P": lab.namespace.name
                    default:
                        String(word).replacing(/^F(?=$|\/)/, with: lab.folder.path)
                            .replacing(/^A(?=\/)/, with: "\(lab.simulator.folder.path)/ports")
                    }
                }
                try lab.succeed(Child(words, in: lab.node).finish())
            }
            let after = try lab.snapshot().difference(from: before)
            if leak.hasPrefix("mount") { try TestProgram.succeed("umount", lab.folder.path) }
            #expect(after != "", "\(leak)")
        }
    }

    @Test func `a snapshot shows a port that the agent still has`() throws {
        let lab = try FaultLab(Scenario.all[0])
        let pod = try lab.pod()
        try lab.succeed(lab.call("ADD", pod))
        let state = try lab.difference(from: lab.pristine)
        #expect(state.contains("agent + ports"))
        try lab.succeed(lab.call("DEL", pod))
    }
}
