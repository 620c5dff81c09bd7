// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A configuration or control message that cannot be used; it names the place and says what is wrong there.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// Where: `networks[0].v4.subnet`.
    public let place: String
    /// What is wrong.
    public let problem: String

    init(_ place: String, _ problem: String) {
        self.place = place
        self.problem = problem
    }

    /// Place and problem in one line.
    public var description: String {
        place.isEmpty ? problem : "\(place): \(problem)"
    }
}
