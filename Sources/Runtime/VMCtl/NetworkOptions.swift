// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CRIMessages
import LinuxSystem

/// Where a machine's interfaces come from.
struct NetworkOptions: ParsableArguments {
    @Option(
        help: "A CNI network configuration list; once for each interface: eth0, eth1, ...",
        completion: .file(extensions: ["conflist"])
    )
    var netConf: [String] = []

    @Option(help: "The id of a sandbox whose interfaces are prepared already; no plugin is run.")
    var sandbox: String?

    @Flag(help: "Give the machine no network.")
    var noNetwork = false

    @Option(help: "The pod's namespace, as the network's plugins are told.")
    var namespace = "default"

    @Option(help: "The pod's name, as the network's plugins are told (default: the machine's name).")
    var pod: String?

    mutating func validate() throws {
        let chosen = [!netConf.isEmpty, sandbox != nil, noNetwork].filter { $0 }.count
        guard chosen == 1 else {
            throw ValidationError("Give one of --net-conf, --sandbox and --no-network.")
        }
    }

    /// The network that was asked for; reads the lists.
    func network() throws -> OperatorRunMachineRequest.OneOf_Network {
        if noNetwork { return .noNetwork(true) }
        if let sandbox { return .preparedSandbox(sandbox) }
        return .lists(.with(\.lists, try netConf.map { try Self.text(of: $0) }))
    }

    /// The text of a file that must be there.
    static func text(of path: String) throws -> String {
        String(decoding: try bytes(of: path), as: UTF8.self)
    }

    static func bytes(of path: String) throws -> [UInt8] {
        do throws(SystemError) {
            if let bytes = try Files.read(path) { return bytes }
        } catch {
            throw ValidationError("\(error.message).")
        }
        throw ValidationError("There is no file \(path).")
    }
}
