// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A node with a simulated agent and folders of its own.
final class PluginLab {
    let node: TestNamespace
    let folder: TemporaryFolder
    let simulator: TestSimulator?

    init(
        simulator more: String? = "",
        networks: String = TestSimulator.networks,
        dataPlane: Bool = true
    ) throws {
        let node = try TestNamespace("node")
        self.node = node
        folder = TemporaryFolder()
        simulator = try more.map {
            try TestSimulator(node: node, networks: networks, dataPlane: dataPlane, more: $0)
        }
    }

    func pod(_ name: String, sandbox: String = "1") throws -> TestPod {
        try TestPod(name, on: node, sandbox: sandbox)
    }

    /// A configuration for contrail-cni.
    func contrail(
        _ version: String = "1.1.0",
        keys: String = "",
        retries: Int = 2,
        more: String = ""
    ) -> String {
        let ports = simulator.map { "\($0.folder.path)/ports/vm" } ?? "\(folder.path)/ports/vm"
        return """
            {"cniVersion": "\(version)", "name": "pods", "type": "contrail-cni", "contrail": {
             "config-dir": "\(ports)", "run-dir": "\(folder.path)/run", "state-dir": "\(folder.path)/state",
             "log-file": "\(folder.path)/log", "poll-timeout": 1, "poll-retries": \(retries)\(keys)}\(more)}
            """
    }

    static let vmInterface =
        #", "runtimeConfig": {"vmInterface": {"kind": "tap", "queues": 4, "ownerUID": 64200}}"#

    /// Links of the node, without those of the simulator, and all files but the log.
    func leftovers() throws -> [String] {
        let links = try TestProgram.succeed("ip", "-o", "-n", node.name, "link").split(separator: "\n")
            .map { String($0.split(separator: " ")[1].prefix { $0 != "@" && $0 != ":" }) }
            .filter { $0 != "lo" && !$0.hasPrefix("vrs-") }
        let files = folder.files().filter { $0 != "log" && !$0.hasPrefix("ports") }
        let ports = simulator?.folder.files().filter { $0.hasPrefix("ports/") } ?? []
        return links + files + ports
    }
}
