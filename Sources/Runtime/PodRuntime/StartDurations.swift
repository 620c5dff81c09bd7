// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long starts took, counted by bounds as Prometheus' histograms are.
public struct StartDurations: Hashable, Sendable {
    /// The upper bounds of the buckets in milliseconds; what takes longer is in the total alone.
    public static let bounds = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000]

    /// Starts that took as long as the bound of the same index or less.
    public private(set) var counts = [Int](repeating: 0, count: bounds.count)
    /// All starts.
    public private(set) var total = 0
    /// What they took together, in milliseconds.
    public private(set) var milliseconds = 0

    mutating func note(_ taken: Int) {
        total += 1
        milliseconds += taken
        for (index, bound) in Self.bounds.enumerated() where taken <= bound { counts[index] += 1 }
    }
}

/// What a runtime has and owes.
public struct RuntimeGauges: Hashable, Sendable {
    /// VMs by their state: created, starting, running, exited.
    public var vms: [String: Int] = [:]
    /// Sandboxes of which something could not be taken away yet; that is tried again.
    public var debts = 0
    /// How long starts took since the process began.
    public var starts = StartDurations()
}

extension PodRuntime {
    /// What there is now.
    public func gauges() async -> RuntimeGauges {
        var gauges = RuntimeGauges()
        for state in ["created", "starting", "running", "exited"] { gauges.vms[state] = 0 }
        for container in await store.containers.values where container.phase != .making {
            gauges.vms[container.phase.rawValue, default: 0] += 1
        }
        gauges.debts = await store.sandboxes.values.count { $0.phase == .stopped && !$0.networks.isEmpty }
        gauges.starts = startDurations.withLock { $0 }
        return gauges
    }
}
