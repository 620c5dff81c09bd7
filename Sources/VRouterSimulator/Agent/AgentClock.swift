// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The agent's time stamps.
enum AgentClock {
    /// The time since the epoch as hours, minutes, seconds and microseconds; without the fraction when it is zero.
    static func text(microseconds: Int64) -> String {
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = microseconds / 1_000_000
        let fraction = microseconds % 1_000_000
        let time = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return fraction == 0 ? time : time + "." + padded(fraction, 6)
    }

    static func now() -> String {
        text(microseconds: nanoseconds(CLOCK_REALTIME) / 1000)
    }

    /// Nanoseconds that only grow.
    static func monotonic() -> Int64 {
        nanoseconds(CLOCK_MONOTONIC)
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
