// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs an actor's jobs one after another on a queue of their own: they block, and the shared pool must not.
final class BlockingExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "libvirt")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
