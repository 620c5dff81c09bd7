// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a peer's commands cost, round by round.
struct Series: Codable {
    let peer: String
    var add: [Cost] = []
    var delete: [Cost] = []
}

/// The figures of a run.
struct Report: Codable {
    var date = Date()
    var processors = ProcessInfo.processInfo.processorCount
    var system = ProcessInfo.processInfo.operatingSystemVersionString
    let rounds: Int
    let series: [Series]

    /// Keeps the raw series in a file named after the date.
    /// - Returns: Its path.
    func save(in folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys]
        let name = date.ISO8601Format().replacing(":", with: "")
        let path = "\(folder)/\(name).json"
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Medians and their ratios to the limit program, a table for each command.
    var table: String {
        [table("ADD", series.map { ($0.peer, $0.add) }), table("DEL", series.map { ($0.peer, $0.delete) })]
            .joined(separator: "\n\n")
    }

    private func table(_ command: String, _ rows: [(peer: String, costs: [Cost])]) -> String {
        var lines = [
            "| \(command), \(rounds) rounds | CPU ms | x limit | wall ms | x limit | of it the agent's ms | peak MiB | page faults |",
            "|---|---|---|---|---|---|---|---|",
        ]
        let limit = rows[0].costs
        for (peer, costs) in rows {
            let cpu = costs.map(\.cpu).median
            let wall = costs.map(\.wall).median
            let cells = [
                peer, milliseconds(cpu), ratio(cpu, limit.map(\.cpu).median), milliseconds(wall),
                ratio(wall, limit.map(\.wall).median), milliseconds(costs.map(\.agent).median),
                decimals(Double(costs.map(\.peak).max() ?? 0) / 1024, 2),
                decimals(costs.map(\.faults).median, 0),
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    private func milliseconds(_ microseconds: Double) -> String { decimals(microseconds / 1000, 2) }

    private func ratio(_ value: Double, _ base: Double) -> String { decimals(value / base, 2) }

    private func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
}
