// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Ends a simulator from another thread.
public struct SimulatorHandle: Sendable {
    let mailbox: Queue<Simulator.Message>

    /// Makes ``Simulator/run()`` return soon; may be called more than once.
    public func stop() {
        mailbox.post(.stop)
    }
}
