// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Ever longer pauses between tries, up to a longest one.
public struct Backoff: Hashable, Sendable {
    private let first: Int64
    private let most: Int64
    private var pause: Int64

    /// Pauses in microseconds.
    public init(first: Int64, most: Int64) {
        self.first = first
        self.most = most
        pause = first
    }

    /// The pause before the next try; the one after it is twice as long.
    public mutating func next() -> Int64 {
        defer { pause = min(pause * 2, most) }
        return pause
    }

    /// After a success.
    public mutating func reset() { pause = first }
}
