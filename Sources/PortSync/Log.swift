// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// How much an event matters: the kernel's and the journal's levels (sd-daemon(3)).
enum LogLevel: Int, Hashable, Comparable {
    case error = 3
    case warning = 4
    case info = 6
    case debug = 7

    init?(_ word: String) {
        switch word {
        case "error": self = .error
        case "warning": self = .warning
        case "info": self = .info
        case "debug": self = .debug
        default: return nil
        }
    }

    static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Events on standard error, a line each, with the journal's `<n>` before it.
struct Log {
    /// What matters less is not written.
    let level: LogLevel

    func write(_ level: LogLevel, _ text: @autoclosure () -> String) {
        guard level <= self.level else { return }
        print(Self.line(level, text()), to: 2)
    }

    /// One line an event, whatever the names in it hold.
    static func line(_ level: LogLevel, _ text: String) -> String {
        var bytes = Array("<\(level.rawValue)>port-sync: ".utf8) + Array(text.utf8)
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F {
            bytes[index] = UInt8(ascii: "?")
        }
        bytes.append(0x0A)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Lets so many events through at once and so many a second; the others are counted.
struct RateLimit: Hashable {
    private let burst: Int64
    private let period: Int64
    /// Events that may pass now, in microseconds' worth.
    private var credit: Int64
    private var last: Int64
    private(set) var dropped = 0

    /// A limit that nothing has used yet.
    ///
    /// `burst`: events at once. `period`: microseconds after which another may pass.
    init(burst: Int, period: Int64, now: Int64) {
        self.burst = Int64(burst)
        self.period = period
        credit = Int64(burst) * period
        last = now
    }

    /// Whether an event may pass.
    ///
    /// `skipped`: events before it that were not let through; counted anew after each that passes.
    mutating func pass(now: Int64) -> (mayPass: Bool, skipped: Int) {
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
