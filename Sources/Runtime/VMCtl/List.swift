// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Machines

/// The command that lists machines.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List the machines.",
        discussion: """
            The state is running, paused, stopping, stopped, crashed, or incomplete where a run was cut \
            short: vmctl rm removes such a machine.
            """
    )

    @Flag(name: .shortAndLong, help: "Print names alone.")
    var quiet = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let statuses = try await host.runtime().list()
        if quiet {
            for status in statuses { Terminal.line(status.machine.name) }
            return
        }
        var rows = [["NAME", "STATE", "ACCEL", "VCPUS", "MEMORY", "UID", "ADDRESSES"]]
        for status in statuses {
            let machine = status.machine
            let addresses = status.interfaces.flatMap(\.guest.addresses).map(\.address.text)
            rows.append([
                machine.name, status.word, machine.accelerator.rawValue, String(machine.vcpus),
                "\(machine.memoryMiB) MiB", String(machine.user.uid), addresses.joined(separator: ","),
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
