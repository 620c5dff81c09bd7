// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A plugin's verb for a kind of attachment: what faults are injected into.
///
/// A new one is a line in `all`.
struct Scenario: CustomTestStringConvertible, Sendable {
    /// The plugins of the list, first to last; the verb is the last one's.
    let plugins: [String]
    let kind: Kind
    let verb: String

    /// What is attached, as the configuration of the last plugin says it.
    struct Kind: Sendable {
        let name: String
        /// Members of the `contrail` object, each with a comma before; `$FOLDER` is a folder of the lab's.
        var keys = ""
        /// Members of the configuration, each with a comma before.
        var members = ""
        /// Members of the simulator's configuration, each with a comma before.
        var simulator = ""

        static let container = Kind(name: "container")
        static let limited = Kind(
            name: "container with bandwidth",
            members:
                #", "runtimeConfig": {"bandwidth": {"ingressRate": 8000000, "ingressBurst": 800000, "egressRate": 8000000, "egressBurst": 800000}}"#
        )
        static let tap = Kind(
            name: "VM",
            members: #", "runtimeConfig": {"vmInterface": {"kind": "tap", "queues": 4, "ownerUID": 64200}}"#
        )
        static let vhostUser = Kind(
            name: "VM on DPDK",
            keys: #", "platform": "dpdk", "vhost-user-dir": "$FOLDER/vrouter""#,
            members: #", "runtimeConfig": {"vmInterface": {"kind": "any", "queues": 4, "ownerUID": 64200}}"#,
            simulator: #", "platform": "dpdk""#
        )
    }

    static let contrail = ["contrail-cni"]
    static let chain = ["contrail-cni", "tap-bridge"]

    /// All scenarios: plugins, kind, verb.
    static let all = [
        Scenario(plugins: contrail, kind: .container, verb: "ADD"),
        Scenario(plugins: contrail, kind: .tap, verb: "ADD"),
        Scenario(plugins: chain, kind: .tap, verb: "ADD"),
        Scenario(plugins: contrail, kind: .container, verb: "DEL"),
        Scenario(plugins: contrail, kind: .tap, verb: "DEL"),
        Scenario(plugins: chain, kind: .tap, verb: "DEL"),
        Scenario(plugins: contrail, kind: .limited, verb: "ADD"),
        Scenario(plugins: contrail, kind: .limited, verb: "DEL"),
        Scenario(plugins: contrail, kind: .vhostUser, verb: "ADD"),
        Scenario(plugins: contrail, kind: .vhostUser, verb: "DEL"),
        Scenario(plugins: contrail, kind: .container, verb: "CHECK"),
        Scenario(plugins: chain, kind: .tap, verb: "CHECK"),
        Scenario(plugins: contrail, kind: .container, verb: "GC"),
        Scenario(plugins: chain, kind: .tap, verb: "GC"),
    ]

    /// Those whose verb is ADD.
    static let adds = all.filter { $0.verb == "ADD" }

    /// Like `contrail-cni ADD container`.
    var name: String { "\(plugin) \(verb) \(kind.name)" }

    /// The plugin that the verb is for.
    var plugin: String { plugins[plugins.count - 1] }

    /// The plugins that have run before and stay as they are.
    var before: ArraySlice<String> { plugins.dropLast() }

    var testDescription: String { name }
}
