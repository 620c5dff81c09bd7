// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How often which call ended in which way, since the process began.
public final class CallCounts: Sendable {
    /// A call and its result: `ok`, or the kind of its failure.
    public struct Key: Hashable, Sendable {
        /// The call, like `RunPodSandbox`.
        public let call: String
        /// How it ended.
        public let result: String
    }

    private let counts = Mutex<[Key: Int]>([:])

    /// No calls.
    public init() {}

    /// All that were counted.
    public var all: [Key: Int] { counts.withLock { $0 } }

    func note(_ call: String, _ outcome: CallJournal.Outcome) {
        let result =
            switch outcome {
            case .done: "ok"
            case .abandoned: "abandoned"
            case .failed(let error): error.kind.rawValue
            }
        counts.withLock { $0[Key(call: call, result: result), default: 0] += 1 }
    }
}
