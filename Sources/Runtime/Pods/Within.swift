// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Runs a body, and waits for it no longer than so long.
///
/// A body that is late is cancelled and goes on by itself: what was begun is carried to its end, but its caller has an
/// answer. A caller that is cancelled cancels the body, and waits for it all the same.
///
/// - Throws: What the body throws, and `deadlineExceeded` where it is late.
public func within<Value: Sendable>(
    _ limit: Duration,
    _ what: String,
    _ body: @escaping @Sendable () async throws(PodServiceError) -> Value
) async throws(PodServiceError) -> Value {
    let first = FirstAnswer<Result<Value, PodServiceError>?>()
    let work = Task {
        do throws(PodServiceError) {
            first.give(.success(try await body()))
        } catch {
            first.give(.failure(error))
        }
    }
    let clock = Task {
        do { try await Task.sleep(for: limit) } catch { return }
        first.give(nil)
    }
    defer { clock.cancel() }
    let answer = await withTaskCancellationHandler {
        await first.value()
    } onCancel: {
        work.cancel()
    }
    guard let answer else {
        work.cancel()
        throw PodServiceError(
            .deadlineExceeded,
            "\(what) has not ended within \(limit.components.seconds) s; what was begun goes on, and the same call again finds it"
        )
    }
    return try answer.get()
}

/// The first of several answers; later ones are dropped.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case none
        case awaited(CheckedContinuation<Value, Never>)
        case given(Value)
        case taken
    }

    private let state = Mutex(State.none)

    func give(_ value: Value) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .none: state = .given(value)
            case .awaited(let continuation):
                state = .taken
                return continuation
            case .given, .taken: break
            }
            return nil
        }
        continuation?.resume(returning: value)
    }

    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state -> Value? in
                if case .given(let value) = state {
                    state = .taken
                    return value
                }
                state = .awaited(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
