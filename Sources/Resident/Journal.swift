// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// How much an event matters: the kernel's and the journal's levels (sd-daemon(3)).
public enum LogLevel: Int, Hashable, Comparable, Sendable {
    /// Something did not work.
    case error = 3
    /// Something may not work soon.
    case warning = 4
    /// What changed.
    case info = 6
    /// Each step.
    case debug = 7

    /// The level of a word in a configuration.
    public init?(_ word: String) {
        switch word {
        case "error": self = .error
        case "warning": self = .warning
        case "info": self = .info
        case "debug": self = .debug
        default: return nil
        }
    }

    /// What matters more is less.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Events on standard error, a line each, with the journal's `<n>` and the program's name before it.
public struct Journal: Sendable {
    /// What matters less is not written.
    public let level: LogLevel
    private let program: String

    /// A program's journal.
    public init(of program: String, level: LogLevel) {
        self.program = program
        self.level = level
    }

    /// Writes an event.
    public func write(_ level: LogLevel, _ text: @autoclosure () -> String) {
        guard level <= self.level else { return }
        print(Self.line(level, text(), of: program), to: 2)
    }

    /// One line an event, whatever the names in it hold.
    public static func line(_ level: LogLevel, _ text: String, of program: String) -> String {
        var bytes = Array("<\(level.rawValue)>\(program): ".utf8) + Array(text.utf8)
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F {
            bytes[index] = UInt8(ascii: "?")
        }
        bytes.append(0x0A)
        return String(decoding: bytes, as: UTF8.self)
    }
}
