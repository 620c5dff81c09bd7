// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CBench
import Foundation

/// The stand-in for the vRouter agent, in a folder of its own, without a data plane: what it would do in the
/// kernel at the same time is none of the plugin's cost.
final class Agent {
    private let control: FileHandle

    /// Starts the simulator and waits until it serves.
    init(_ settings: Settings) throws {
        let log = open("/run/vrouter-sim.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        _ = try Program.start(
            [
                settings.simulator, "--config", settings.simulatorConfiguration, "--no-data-plane",
                "--state-directory", Scenario.stateFolder, "--run-directory", "/run/vrouter-sim",
            ],
            output: log
        )
        for _ in 0..<200 {
            let connected = bench_connect("/run/vrouter-sim/control.sock")
            if connected >= 0 {
                control = FileHandle(fileDescriptor: connected, closeOnDealloc: true)
                return
            }
            usleep(50_000)
        }
        throw Failure("the simulator does not serve: \(settings.simulator)")
    }

    /// Forgets what was counted.
    func reset() throws { _ = try ask("reset-statistics") }

    /// Microseconds spent on answers since the last reset: from the end of the read that completed a request until
    /// its answer was handed to the kernel.
    func microseconds() throws -> Int {
        struct Reply: Decodable {
            struct Statistics: Decodable { let microseconds: Int }
            let statistics: Statistics
        }
        return try JSONDecoder().decode(Reply.self, from: ask("statistics")).statistics.microseconds
    }

    private func ask(_ command: String) throws -> Data {
        try control.write(contentsOf: Data("{\"command\":\"\(command)\"}\n".utf8))
        var reply = Data()
        while reply.last != UInt8(ascii: "\n") {
            let bytes = control.availableData
            guard !bytes.isEmpty else { throw Failure("the simulator has ended") }
            reply += bytes
        }
        return reply
    }
}
