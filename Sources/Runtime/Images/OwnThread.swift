// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs a body that blocks on a thread of its own, which ends with it.
///
/// A cancelled task sets the flag; the body looks at it.
func onThreadOfItsOwn<Value: Sendable>(
    _ body: @escaping @Sendable (CancelFlag) -> Value
) async -> Value {
    let flag = CancelFlag()
    return await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body(flag)) }.start()
        }
    } onCancel: {
        flag.set()
    }
}
