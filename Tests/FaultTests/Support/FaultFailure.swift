// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Why a test could not go on.
struct FaultFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
