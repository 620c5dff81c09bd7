// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The inverses of steps that were taken: on failure they are carried out in reverse.
public struct Rollback {
    /// Undoes one step; returns what went wrong, or nil.
    public typealias Undo = () -> String?

    private var steps: [Undo] = []

    /// No steps.
    public init() {}

    /// Notes how a step is undone.
    ///
    /// Push before the step where half of it can remain.
    public mutating func push(_ undo: @escaping Undo) { steps.append(undo) }

    /// Undoes all steps in reverse, whatever fails, and forgets them.
    ///
    /// - Returns: What could not be undone.
    public mutating func unwind() -> [String] {
        var failures: [String] = []
        while let undo = steps.popLast() {
            if let failure = undo() { failures.append(failure) }
        }
        return failures
    }
}
