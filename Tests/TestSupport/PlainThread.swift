// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread of its own, for bodies that block: they must not hold up the pool that runs the tests.
public struct PlainThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let id: pthread_t

    /// Starts a thread.
    public init(_ run: @escaping @Sendable () -> Void) {
        var id = pthread_t()
        let result = pthread_create(
            &id,
            nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            Unmanaged.passRetained(Body(run)).toOpaque()
        )
        guard result == 0 else { fatalError("cannot start a thread: errno \(result)") }
        self.id = id
    }

    /// Waits until it has ended.
    public func join() { pthread_join(id, nil) }
}
