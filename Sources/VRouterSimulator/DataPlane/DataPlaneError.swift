// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What keeps the data plane from working.
public struct DataPlaneError: Error, CustomStringConvertible {
    /// What was tried, on what, and why it failed.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
