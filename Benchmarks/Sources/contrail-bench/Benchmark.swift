// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One run: warm up, measure all peers in each round in a new order, report.
struct Benchmark {
    let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    /// Runs it, keeps the raw series and prints the table.
    func run() throws {
        let node = try Node(settings)
        let peers = try Peer.all(settings)
        try warmUp(peers, on: node)
        var series = peers.map { Series(peer: $0.name) }
        for _ in 0..<settings.rounds {
            for index in peers.indices.shuffled() {
                series[index].add.append(try node.run(peers[index], "ADD"))
                if peers[index].checks { series[index].check.append(try node.run(peers[index], "CHECK")) }
                series[index].delete.append(try node.run(peers[index], "DEL"))
            }
        }
        for _ in 0..<max(1, settings.rounds / 4) {
            for index in peers.indices.shuffled() {
                series[index].addCrowd.append(try node.crowd(peers[index], "ADD"))
                series[index].deleteCrowd.append(try node.crowd(peers[index], "DEL"))
            }
        }
        for index in peers.indices {
            for command in ["ADD", "CHECK", "DEL"] where command != "CHECK" || peers[index].checks {
                series[index].calls[command] = try node.systemCalls(peers[index], command)
            }
        }
        let report = Report(rounds: settings.rounds, crowd: settings.crowd, series: series)
        let path = try report.save(in: settings.results)
        print(report.table)
        print("raw series: \(path)")
    }

    /// Runs each peer once, and sees to it that contrail-cni leaves behind what the limit program does: else the two
    /// can't be compared.
    private func warmUp(_ peers: [Peer], on node: Node) throws {
        var expected: [String]?
        for peer in peers {
            _ = try node.run(peer, "ADD")
            if peer.configuration == peers[0].configuration {
                let traces = try node.traces()
                let difference = traces.difference(from: expected ?? traces)
                guard difference.isEmpty else {
                    throw Failure("\(peer.name) does not do what \(peers[0].name) does: \(difference)")
                }
                expected = traces
            }
            _ = try node.run(peer, "DEL")
        }
    }
}
