// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// SIGTERM and SIGINT, which ask the program to end.
struct StopSignals: Sendable {
    private let signals: AsyncStream<String>

    /// Takes the signals over: from now on they don't end the process by themselves.
    init() {
        signals = AsyncStream { continuation in
            for (number, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                // It holds itself, for as long as the program runs.
                source.setEventHandler { withExtendedLifetime(source) { _ = continuation.yield(name) } }
                source.resume()
            }
        }
        // Whoever reads a socket of ours and goes away must not end us.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the first of them.
    func first() async -> String {
        for await name in signals { return name }
        return "cancelled"
    }
}
