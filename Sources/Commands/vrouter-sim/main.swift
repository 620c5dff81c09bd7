// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import VRouterSimulator

struct Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vrouter-sim",
        abstract: "Stands in for the OpenContrail vRouter agent on machines that have none.",
        discussion: Simulator.help
    )

    @Option(help: "Configuration file (JSON); without one there are no networks.") var config: String?
    @Option(help: "IPv4 address of the port API (default 127.0.0.1).") var address: String?
    @Option(help: "TCP port of the port API (default 9091); 0 lets the kernel choose.") var port: Int?
    @Option(help: "The agent's folder of state files.") var stateDirectory: String?
    @Option(help: "Folder for the control socket and dnsmasq's files.") var runDirectory: String?
    @Option(help: "Path of the control socket.") var controlSocket: String?
    @Flag(inversion: .prefixedNo, help: "Make bridges, filters and DHCP (default: make them).") var dataPlane:
        Bool?

    func run() throws {
        var settings = try config.map { try Configuration(file: $0) } ?? Configuration()
        settings.address = address ?? settings.address
        settings.port = port ?? settings.port
        settings.stateDirectory = stateDirectory ?? settings.stateDirectory
        settings.runDirectory = runDirectory ?? settings.runDirectory
        settings.controlSocket = controlSocket ?? settings.controlSocket
        settings.dataPlane = dataPlane ?? settings.dataPlane
        StopSignals.block()
        let simulator = try Simulator(configuration: settings)
        try StopSignals.stop(simulator.handle)
        try simulator.run { Simulator.announce("ready \(settings.address):\(simulator.port)") }
    }
}

Command.main()
