// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Why a benchmark can't go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ operation: String, errno: Int32) {
        description = "cannot \(operation): \(String(cString: strerror(errno)))"
    }
}

/// Passes a result through, or throws what a call that returns -errno reported.
@discardableResult
func check(_ result: Int32, _ operation: String) throws -> Int32 {
    guard result >= 0 else { throw Failure(operation, errno: -result) }
    return result
}
