// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CConfinement

/// A user that a VM's emulator runs as, and nobody else.
public enum EmulatorUser {
    /// Kills all processes of a user: one that forks meanwhile has no way to escape.
    public static func endProcesses(of user: UInt32) throws(ConfinementError) {
        guard user >= 1000 else {
            throw ConfinementError("end the processes of user \(user)", "it is the system's")
        }
        let failure = cconfinement_end_all(user)
        guard failure >= 0 else {
            throw ConfinementError("end the processes of user \(user)", errno: -failure)
        }
    }
}
