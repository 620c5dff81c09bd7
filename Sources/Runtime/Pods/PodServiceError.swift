// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Why a call could not be served, in words for the caller, who shows them in the pod's events.
public struct PodServiceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is; the transport maps each to one status code.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// What was named is not there.
        case notFound
        /// The request can't be meant so; the same request will fail again.
        case invalidArgument
        /// The object is in a state that does not allow this.
        case failedPrecondition
        /// What is needed does not answer now; a retry can help.
        case unavailable
        /// There is one already.
        case alreadyExists
        /// Memory, disk, users or another stock is used up.
        case resourceExhausted
        /// It is not supported.
        case unimplemented
        /// We or a part of the host failed.
        case internalError
        /// The caller's time, or ours, was over.
        case deadlineExceeded
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// What was tried, on what, why it failed, and what to do.
    public let message: String

    /// An error of a kind, in words.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// A sandbox that is not there.
    public static func noSandbox(_ id: String) -> PodServiceError {
        PodServiceError(.notFound, "there is no pod sandbox with the id \"\(shortened(id))\"")
    }

    /// A container that is not there.
    public static func noContainer(_ id: String) -> PodServiceError {
        PodServiceError(.notFound, "there is no container with the id \"\(shortened(id))\"")
    }

    /// A text from a request as it may stand in messages: whoever sends a MiB does not get it back.
    public static func shortened(_ text: String) -> String {
        let limit = 128
        guard text.utf8.count > limit else { return text }
        return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
    }

    /// The message.
    public var description: String { message }
}
