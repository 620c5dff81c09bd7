// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// How far a pull is.
public struct PullProgress: Hashable, Sendable {
    /// What is going on.
    public var phase: Phase
    /// The bytes that are here.
    public var received: UInt64 = 0
    /// The bytes that there are; nil where the server doesn't tell.
    public var total: UInt64?
    /// What went wrong before this try; nil where nothing did.
    public var trouble: String?

    /// What a pull does, one after another.
    public enum Phase: String, Hashable, Sendable {
        /// Another process loads the same URL.
        case waiting
        /// Bytes are coming.
        case loading
        /// A failed try is made again soon.
        case retrying
        /// The image is examined.
        case checking
    }
}
