// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem

/// Why something about a machine failed: what was tried, on what, why, and what to do.
public struct MachineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried and on what, like "run the machine web".
    public let operation: String
    /// Why it failed.
    public let cause: String
    /// What the operator can do; nil where the cause tells.
    public let advice: String?

    /// An error of an operation.
    public init(_ operation: String, _ cause: String, advice: String? = nil) {
        self.operation = operation
        self.cause = cause
        self.advice = advice
    }

    /// A failed system call, whose text names what was tried.
    public init(_ operation: String, _ error: SystemError, advice: String? = nil) {
        self.init(operation, error.message, advice: advice)
    }

    /// Any other error under the operation that it broke; one of ours keeps its own words.
    init(_ operation: String, _ error: any Error) {
        switch error {
        case let error as MachineError: self = error
        case let error as SystemError: self.init(operation, error.message)
        case is CancellationError: self.init(operation, "it was cancelled")
        default: self.init(operation, "\(error)")
        }
    }

    /// The same error, with what went wrong while it was cleaned up after.
    func joined(by failures: [String]) -> MachineError {
        guard !failures.isEmpty else { return self }
        let more = failures.joined(separator: "; ")
        return MachineError(operation, "\(cause); besides, the clean-up failed: \(more)", advice: advice)
    }

    /// One or two lines: "cannot …: …" and the advice.
    public var description: String {
        let sentence = "cannot \(operation): \(cause)"
        guard let advice else { return sentence }
        return "\(sentence)\n\(advice)"
    }
}
