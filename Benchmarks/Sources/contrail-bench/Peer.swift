// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that is measured.
struct Peer {
    let name: String
    let program: String
    /// The path of its configuration.
    let configuration: String
    /// CNI_PATH.
    let plugins: String
    /// Whether it knows CHECK.
    var checks: Bool { !plugins.isEmpty }

    /// All peers of a run.
    ///
    /// The limit program is in it twice: what its second series differs by is noise.
    static func all(_ settings: Settings) throws -> [Peer] {
        let contrail = "/run/contrail.json"
        let bridge = "/run/bridge.json"
        try Scenario.contrail.write(toFile: contrail, atomically: false, encoding: .utf8)
        try Scenario.bridge.write(toFile: bridge, atomically: false, encoding: .utf8)
        let limit = "\(settings.tools)/limit"
        var peers = [
            Peer(name: "limit", program: limit, configuration: contrail, plugins: ""),
            Peer(name: "limit again", program: limit, configuration: contrail, plugins: ""),
        ]
        for (name, folder) in settings.plugins {
            let program = "\(folder)/contrail-cni"
            peers.append(Peer(name: name, program: program, configuration: contrail, plugins: folder))
        }
        let folder = settings.debianPlugins
        if access("\(folder)/bridge", X_OK) == 0, access("\(folder)/host-local", X_OK) == 0 {
            let program = "\(folder)/bridge"
            peers.append(
                Peer(name: "bridge + host-local", program: program, configuration: bridge, plugins: folder)
            )
        }
        return peers
    }
}
