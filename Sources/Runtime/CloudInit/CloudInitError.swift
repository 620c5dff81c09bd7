// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Why a seed could not be made.
public struct CloudInitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public let operation: String
    /// Why it failed.
    public let reason: String

    /// What was tried and why it failed.
    public var description: String { "\(operation): \(reason)" }
}
