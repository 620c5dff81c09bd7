// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Why something about an image failed: what was tried, on what, why, and what to do.
///
/// No text holds a password, a token or the query of a URL.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public let code: Code
    /// What was tried and on what, like "pull the image example.com/web".
    public let operation: String
    /// Why it failed.
    public let cause: String
    /// What the operator can do; nil where the cause tells.
    public let advice: String?

    /// The kinds of failures, as a caller may want to tell them apart.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// A name that names no image.
        case invalidName
        /// The store has no such image.
        case notFound
        /// A machine uses the image.
        case inUse
        /// A file that is not an image that we take.
        case refused
        /// Content that is not what the digest says.
        case digestMismatch
        /// The server wants other credentials.
        case unauthorized
        /// The server has no such file.
        case absent
        /// The server or the way to it failed; a later try may succeed.
        case unreachable
        /// Another answer or a wrong certificate: a later try will fail as well.
        case protocolFailure
        /// The disk is full, or would be.
        case noSpace
        /// A translation file, or a setting, is wrong.
        case configuration
        /// The caller gave up.
        case cancelled
        /// A system call or a program failed.
        case system
    }

    /// An error of an operation.
    public init(_ code: Code, _ operation: String, _ cause: String, advice: String? = nil) {
        self.code = code
        self.operation = operation
        self.cause = cause
        self.advice = advice
    }

    /// One or two lines: "cannot …: …" and the advice.
    public var description: String {
        let sentence = "cannot \(operation): \(cause)"
        guard let advice else { return sentence }
        return "\(sentence)\n\(advice)"
    }
}
