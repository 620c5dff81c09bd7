// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a peer's commands cost, round by round.
struct Series: Codable {
    let peer: String
    var add: [Cost] = []
    var check: [Cost] = []
    var delete: [Cost] = []
    var addCrowd: [CrowdCost] = []
    var deleteCrowd: [CrowdCost] = []
    /// System calls by their names, for each command.
    var calls: [String: [String: Int]] = [:]
}

/// The figures of a run.
struct Report: Codable {
    var date = Date()
    var processors = ProcessInfo.processInfo.processorCount
    var system = ProcessInfo.processInfo.operatingSystemVersionString
    let rounds: Int
    let crowd: Int
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

    /// Medians and their ratios to the limit program, a table for each question.
    var table: String {
        let limit = series[0]
        return [
            table("ADD", series.map { ($0.peer, $0.add) }, base: limit.add, "x limit"),
            table("CHECK", series.map { ($0.peer, $0.check) }, base: limit.add, "x limit's ADD"),
            table("DEL", series.map { ($0.peer, $0.delete) }, base: limit.delete, "x limit"),
            crowdTable("ADDs", series.map { ($0.peer, $0.add, $0.addCrowd) }),
            crowdTable("DELs", series.map { ($0.peer, $0.delete, $0.deleteCrowd) }), callTable,
        ].joined(separator: "\n\n")
    }

    private func table(
        _ command: String,
        _ rows: [(peer: String, costs: [Cost])],
        base: [Cost],
        _ ratioName: String
    ) -> String {
        var lines = [
            "| \(command), \(rounds) rounds | CPU ms | \(ratioName) | wall ms | \(ratioName) | of it the agent's ms | peak MiB | page faults |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for (peer, costs) in rows where !costs.isEmpty {
            let cpu = costs.map(\.cpu).median
            let wall = costs.map(\.wall).median
            let cells = [
                peer, milliseconds(cpu), ratio(cpu, base.map(\.cpu).median), milliseconds(wall),
                ratio(wall, base.map(\.wall).median), milliseconds(costs.map(\.agent).median),
                decimals(Double(costs.map(\.peak).max() ?? 0) / 1024, 2),
                decimals(costs.map(\.faults).median, 0),
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    /// The last column is 1.00 where each of many costs no more than one alone, and no processor ever waits.
    private func crowdTable(
        _ commands: String,
        _ rows: [(peer: String, alone: [Cost], costs: [CrowdCost])]
    ) -> String {
        var lines = [
            "| \(crowd) \(commands) at once | makespan ms | x limit | CPU of all ms | x limit | makespan / (\(crowd) x the CPU of one / \(processors) processors) |",
            "|---|---|---|---|---|---|",
        ]
        let base = rows[0].costs
        for (peer, alone, costs) in rows where !costs.isEmpty {
            let cpu = costs.map(\.cpu).median
            let makespan = costs.map(\.makespan).median
            let cells = [
                peer, milliseconds(makespan), ratio(makespan, base.map(\.makespan).median),
                milliseconds(cpu), ratio(cpu, base.map(\.cpu).median),
                ratio(makespan, alone.map(\.cpu).median * Double(crowd) / Double(processors)),
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    private var callTable: String {
        var lines = [
            "| system calls | ADD | CHECK | DEL | the most frequent of ADD |", "|---|---|---|---|---|",
        ]
        for peer in series {
            let sums = ["ADD", "CHECK", "DEL"].map { command in
                peer.calls[command].map { "\($0.values.reduce(0, +))" } ?? ""
            }
            let frequent = (peer.calls["ADD"] ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .prefix(8)
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            lines.append("| \(peer.peer) | \(sums.joined(separator: " | ")) | \(frequent) |")
        }
        return lines.joined(separator: "\n")
    }

    private func milliseconds(_ microseconds: Double) -> String { decimals(microseconds / 1000, 2) }

    private func ratio(_ value: Double, _ base: Double) -> String { decimals(value / base, 2) }

    private func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
}
