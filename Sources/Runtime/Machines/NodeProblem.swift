// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Something of this node that keeps VMs from being started, with the command that mends it.
package struct NodeProblem: Hashable, Sendable {
    /// One word in camel case.
    package let reason: String
    /// What is looked at.
    package let subject: String
    /// What is wrong with it.
    package let text: String
    /// What to do.
    package let advice: String

    /// All of it in a line.
    package var message: String { "\(subject): \(text). \(advice)" }
}
