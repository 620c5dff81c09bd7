// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the driver is to measure, and with what.
struct Settings {
    /// Builds of contrail-cni: a name for the table and the folder that holds `contrail-cni`.
    var plugins: [(name: String, folder: String)] = []
    /// The folder of the built C programs `limit` and `launch`.
    var tools = ""
    /// The program `vrouter-sim` and its configuration.
    var simulator = ""
    var simulatorConfiguration = "conf/vrouter-sim.json"
    /// The folder of Debian's plugins; the peers are left out where there are none.
    var debianPlugins = "/usr/lib/cni"
    /// Where the raw series are kept.
    var results = "bench-results"
    var rounds = 40
    /// How many pods there are when all are attached at once.
    let crowd = 16

    static let usage = """
        usage: contrail-bench --tools DIR --simulator PROGRAM [--plugins [NAME=]DIR]... [--simulator-config FILE]
                              [--debian-plugins DIR] [--results DIR]
        environment: CONTRAIL_VM_PLUGINS=DIR for --plugins DIR, BENCH_ROUNDS=40
        """

    /// Reads the command line; the environment fills in what it leaves out.
    init(_ arguments: [String], _ environment: [String: String]) throws {
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Failure(Self.usage) }
            switch flag {
            case "--plugins": plugins.append(Self.named(value))
            case "--tools": tools = value
            case "--simulator": simulator = value
            case "--simulator-config": simulatorConfiguration = value
            case "--debian-plugins": debianPlugins = value
            case "--results": results = value
            default: throw Failure(Self.usage)
            }
        }
        if plugins.isEmpty, let folder = environment["CONTRAIL_VM_PLUGINS"] { plugins = [Self.named(folder)] }
        if let text = environment["BENCH_ROUNDS"] {
            guard let rounds = Int(text), (1...10_000).contains(rounds) else {
                throw Failure("BENCH_ROUNDS must be a number from 1 to 10000")
            }
            self.rounds = rounds
        }
        guard !plugins.isEmpty, !tools.isEmpty, !simulator.isEmpty else { throw Failure(Self.usage) }
    }

    private static func named(_ value: String) -> (name: String, folder: String) {
        guard let equals = value.firstIndex(of: "=") else { return ("contrail-cni", value) }
        return (String(value[..<equals]), String(value[value.index(after: equals)...]))
    }
}
