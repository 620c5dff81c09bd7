// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// SIGTERM and SIGINT end the simulator in order.
public enum StopSignals {
    /// Blocks the signals for the whole process.
    ///
    /// Call it before any thread is started.
    public static func block() {
        var signals = set()
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Starts a thread that stops the simulator when a signal comes.
    ///
    /// - Throws: ``SystemError`` if there is no thread to be had.
    public static func stop(_ handle: SimulatorHandle) throws(SystemError) {
        _ = try PlainThread {
            var signals = set()
            var number: Int32 = 0
            while sigwait(&signals, &number) == 0 { handle.stop() }
        }
    }

    private static func set() -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        return signals
    }
}
