// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import Synchronization

/// Work that many wait for and that is done once.
///
/// One who gives up does not stop it for the others; the last one who gives up does.
final class SharedPulls<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Carries the work out; the handle tells the waiters how far it is.
    typealias Work = @Sendable (Flight) async -> Result<Value, ImageError>
    typealias Report = @Sendable (PullProgress) -> Void

    /// The work's side of it.
    struct Flight: Sendable {
        fileprivate let id: Int
        fileprivate let pulls: SharedPulls

        func report(_ progress: PullProgress) { pulls.report(progress, of: id) }

        /// Takes no more waiters, and tells under which names the ones that are there know it.
        func close() -> [ImageReference] { pulls.close(id) }
    }

    private struct Waiter {
        let reference: ImageReference
        let report: Report
        let continuation: CheckedContinuation<Result<Value, ImageError>, Never>
    }

    private struct WorkState {
        let key: Key
        var waiters: [Int: Waiter] = [:]
        var task: Task<Void, Never>?
    }

    private struct State {
        var nextID = 0
        /// By the work's number.
        var works: [Int: WorkState] = [:]
        /// The work that others may join.
        var open: [Key: Int] = [:]
        /// Waiters that gave up before they had begun.
        var early: Set<Int> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Waits for the work of a key, which is begun where nobody has yet.
    func value(
        for key: Key,
        as reference: ImageReference,
        report: @escaping Report,
        _ work: @escaping Work
    ) async throws(ImageError) -> Value {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                join(
                    id,
                    key,
                    Waiter(reference: reference, report: report, continuation: continuation),
                    work
                )
            }
        } onCancel: {
            leave(id)
        }
        _ = state.withLock { $0.early.remove(id) }
        return try result.get()
    }

    private static var cancelled: Result<Value, ImageError> {
        .failure(ImageError(.cancelled, "wait for the image", "the pull was cancelled"))
    }

    private func join(_ id: Int, _ key: Key, _ waiter: Waiter, _ work: @escaping Work) {
        let isJoined = state.withLock { state in
            if state.early.remove(id) != nil { return false }
            if let open = state.open[key] {
                state.works[open]?.waiters[id] = waiter
                return true
            }
            // A waiter's number is the work's that it begins.
            state.open[key] = id
            state.works[id] = WorkState(key: key, waiters: [id: waiter])
            state.works[id]?.task = Task { self.finish(id, await work(Flight(id: id, pulls: self))) }
            return true
        }
        if !isJoined { waiter.continuation.resume(returning: Self.cancelled) }
    }

    private func leave(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            for (number, var work) in state.works {
                guard let waiter = work.waiters.removeValue(forKey: id) else { continue }
                state.works[number] = work
                if work.waiters.isEmpty {
                    work.task?.cancel()
                    state.works[number] = nil
                    if state.open[work.key] == number { state.open[work.key] = nil }
                }
                return waiter
            }
            state.early.insert(id)
            return nil
        }
        waiter?.continuation.resume(returning: Self.cancelled)
    }

    private func finish(_ number: Int, _ result: Result<Value, ImageError>) {
        let waiters = state.withLock { state -> [Waiter] in
            guard let work = state.works.removeValue(forKey: number) else { return [] }
            if state.open[work.key] == number { state.open[work.key] = nil }
            return Array(work.waiters.values)
        }
        for waiter in waiters { waiter.continuation.resume(returning: result) }
    }

    private func report(_ progress: PullProgress, of number: Int) {
        let reports = state.withLock { $0.works[number]?.waiters.values.map(\.report) ?? [] }
        for report in reports { report(progress) }
    }

    private func close(_ number: Int) -> [ImageReference] {
        state.withLock { state in
            guard let work = state.works[number] else { return [] }
            if state.open[work.key] == number { state.open[work.key] = nil }
            return Array(Set(work.waiters.values.map(\.reference)))
        }
    }

    /// How many wait; for tests.
    var waiting: Int { state.withLock { $0.works.values.reduce(0) { $0 + $1.waiters.count } } }
}
