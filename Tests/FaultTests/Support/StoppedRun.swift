// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import TestSupport

/// A run of a plugin that is stopped (SIGSTOP) once it has made a certain call.
final class StoppedRun {
    let pod: FaultPod
    private let child: Child
    private let log = TemporaryFolder()

    /// Starts a verb of the plugin under test, to be stopped after a call.
    init(_ verb: String, _ pod: FaultPod, after call: TracedCall, in lab: FaultLab) throws {
        self.pod = pod
        child = try lab.start(
            lab.scenario.plugin,
            verb,
            pod,
            kind: lab.scenario.kind,
            wrapper: call.inject("signal=STOP", output: log.path("trace"))
        )
    }

    /// Waits until it is stopped, or has ended without making the call.
    /// - Returns: Whether it is stopped.
    func isStopped() throws -> Bool {
        for _ in 0..<5000 {
            let text = log.text("trace")
            if text.contains("stopped by SIGSTOP") { return true }
            if text.contains("+++ ") { return false }
            usleep(2000)
        }
        throw FaultFailure("neither stopped nor ended: \(log.text("trace"))")
    }

    /// Lets it go on.
    func resume() {
        // The lines begin with the process's number.
        if let number = log.text("trace").split(separator: " ").first.flatMap({ pid_t($0) }) {
            kill(number, SIGCONT)
        }
    }

    func finish() throws -> Child.Ending { try child.finish(seconds: 200) }
}
