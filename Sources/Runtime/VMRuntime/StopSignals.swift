// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SIGTERM and SIGINT, which ask the program to end.
///
/// A handler takes them from the first instruction on: a source of Dispatch's loses those that come before it is installed.
struct StopSignals: Sendable {
    /// Where the handler writes the signal's number, and where it is read.
    private static let pipe: (read: Int32, write: Int32) = {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return (-1, -1) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }()

    private let signals: AsyncStream<String>

    /// Takes the signals over: from now on they don't end the process by themselves.
    init() {
        let source = Self.pipe.read
        for number in [SIGTERM, SIGINT] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(StopSignals.pipe.write, &byte, 1)
            }
        }
        // Whoever reads a socket of ours and goes away must not end us.
        signal(SIGPIPE, SIG_IGN)
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        signals = stream
        // It ends with the process.
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(source, &byte, 1)
                if count == 1 { continuation.yield(Int32(byte) == SIGINT ? "SIGINT" : "SIGTERM") }
                if count == 0 || count < 0 && errno != EINTR { return }
            }
        }
    }

    /// Waits for the first of them.
    func first() async -> String {
        for await name in signals { return name }
        return "cancelled"
    }
}
