// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Synchronization
import TestSupport

/// Many runs of a plugin, so many at a time: each slot is a thread that starts one after another.
enum Crowd {
    /// How a crowd of runs ended.
    struct Outcome {
        /// The runs' endings, in the order of the pods.
        let endings: [Child.Ending]
        /// From the first start to the last end, in microseconds.
        let makespan: Int64
        /// The middle one of the runs' user and system times, in microseconds.
        var cpu: Int64 { endings.map(\.cpu).sorted()[endings.count / 2] }
    }

    /// Carries a verb out for all pods.
    static func run(_ verb: String, _ pods: [FaultPod], atOnce: Int, in lab: FaultLab) throws -> Outcome {
        let board = Board(pods.map { lab.line(verb, $0) })
        let start = clinux_monotonic_microseconds()
        let threads = (0..<min(atOnce, pods.count)).map { _ in PlainThread { board.work() } }
        for thread in threads { thread.join() }
        let makespan = clinux_monotonic_microseconds() - start
        return Outcome(endings: try board.endings(), makespan: makespan)
    }

    /// What is to be run, and how it ended.
    private final class Board: Sendable {
        private let lines: [FaultLab.Line]
        private let next = Atomic<Int>(0)
        private let results: Mutex<[Int: Result<Child.Ending, FaultFailure>]> = Mutex([:])

        init(_ lines: [FaultLab.Line]) { self.lines = lines }

        func work() {
            while true {
                let place = next.add(1, ordering: .relaxed).oldValue
                guard place < lines.count else { return }
                let result: Result<Child.Ending, FaultFailure>
                do {
                    result = .success(try lines[place].start().finish(seconds: 120))
                } catch {
                    result = .failure(FaultFailure("\(error)"))
                }
                results.withLock { $0[place] = result }
            }
        }

        func endings() throws -> [Child.Ending] {
            try results.withLock { results in
                try lines.indices.map { place in
                    guard let result = results[place] else {
                        throw FaultFailure("run \(place) never ended")
                    }
                    return try result.get()
                }
            }
        }
    }
}
