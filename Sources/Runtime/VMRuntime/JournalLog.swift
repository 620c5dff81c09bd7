// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import RuntimeConfiguration

/// Events on standard error, a line each, with the journal's `<n>` before it (sd-daemon(3)).
struct JournalLog: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(_ level: LogLevel) {
        switch level {
        case .error: logLevel = .error
        case .warning: logLevel = .warning
        case .info: logLevel = .info
        case .debug: logLevel = .debug
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var bytes = Array("<\(Self.priority(event.level))>vm-runtime: \(event.message)".utf8)
        // One line an event, whatever the names in it hold.
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F {
            bytes[index] = UInt8(ascii: bytes[index] == 0x0A ? " " : "?")
        }
        bytes.append(0x0A)
        // One write: lines of calls that run at once stay whole. A log that can't be written must not end the calls.
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
