// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Tells systemd how the service does (sd_notify(3)), where systemd asked for it.
public struct Notifier: Sendable {
    private let socket: String?
    /// How often the watchdog is to be fed, in microseconds: half of what it allows; nil for never.
    public let watchdogInterval: Int64?

    /// Reads what systemd put into the environment.
    public init() {
        socket = Self.variable("NOTIFY_SOCKET")
        let isForUs = Self.variable("WATCHDOG_PID").map { Int32($0) == getpid() } ?? true
        watchdogInterval = isForUs ? Self.interval(Self.variable("WATCHDOG_USEC")) : nil
    }

    /// Half of a limit in microseconds.
    public static func interval(_ text: String?) -> Int64? {
        guard let text, let limit = Int64(text), limit > 1 else { return nil }
        return limit / 2
    }

    /// Sends a state, like `READY=1`.
    public func send(_ text: String) {
        guard let socket else { return }
        _ = socket.withCString { path in
            text.withCString { clinux_send_datagram_unix(path, $0, text.utf8.count) }
        }
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(cString: value)
    }
}
