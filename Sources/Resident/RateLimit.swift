// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Lets so many events through at once and so many a second; the others are counted.
public struct RateLimit: Hashable, Sendable {
    private let burst: Int64
    private let period: Int64
    /// Events that may pass now, in microseconds' worth.
    private var credit: Int64
    private var last: Int64
    /// Events that were not let through since the last that was.
    public private(set) var dropped = 0

    /// A limit that nothing has used yet.
    ///
    /// `burst`: events at once. `period`: microseconds after which another may pass.
    public init(burst: Int, period: Int64, now: Int64) {
        self.burst = Int64(burst)
        self.period = period
        credit = Int64(burst) * period
        last = now
    }

    /// Whether an event may pass.
    ///
    /// `skipped`: events before it that were not let through; counted anew after each that passes.
    public mutating func pass(now: Int64) -> (mayPass: Bool, skipped: Int) {
        credit = min(burst * period, credit + max(0, now - last))
        last = now
        guard credit >= period else {
            dropped += 1
            return (false, dropped)
        }
        credit -= period
        defer { dropped = 0 }
        return (true, dropped)
    }
}
