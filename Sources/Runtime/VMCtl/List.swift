// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OperatorClient

/// The command that lists machines.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List the machines, and kubelet's VM pods.",
        discussion: """
            A pod of kubelet's is named by its namespace and name. The state is running, stopped, crashed, or \
            incomplete where a run was cut short: vmctl rm removes such a machine.
            """
    )

    @Flag(name: .shortAndLong, help: "Print names alone.")
    var quiet = false

    @OptionGroup var runtime: RuntimeOptions

    func run() async throws {
        let machines = try await runtime.connected { try await $0.machines() }
        if quiet {
            for machine in machines { Terminal.line(machine.name) }
            return
        }
        var rows = [["NAME", "STATE", "ACCEL", "VCPUS", "MEMORY", "UID", "DOMAIN", "ADDRESSES"]]
        for machine in machines {
            rows.append([
                machine.name, machine.state.rawValue, machine.accelerator, machine.vcpus,
                machine.memoryMiB.isEmpty ? "" : "\(machine.memoryMiB) MiB", machine.user, machine.domain,
                machine.addresses.joined(separator: ","),
            ])
        }
        for line in Self.aligned(rows) { Terminal.line(line) }
    }

    /// Columns two spaces apart.
    static func aligned(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                line += text
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - text.count + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
