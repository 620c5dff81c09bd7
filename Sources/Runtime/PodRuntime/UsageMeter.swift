// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
import Pods
import Synchronization

/// Reads what pods use, in bounded time: on threads of their own, which are not waited for longer.
///
/// What is left out of an answer is told by the next one.
final class UsageMeter: Sendable {
    private struct Sample {
        var at: Int64
        var nanoseconds: UInt64
        var rate: UInt64?
    }

    private let samples = Mutex<[String: Sample]>([:])
    /// Threads that have not come back yet: a disk that hangs must not cost one for each call.
    private let busy = Mutex(0)
    private static let mostBusy = 8
    static let patience = Duration.seconds(2)

    /// Runs a body that may block; nil where it takes too long.
    func read<Value: Sendable>(
        patience: Duration = patience,
        _ body: @escaping @Sendable () -> Value
    ) async -> Value? {
        let isAdmitted = busy.withLock { count in
            guard count < Self.mostBusy else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { return nil }
        let answer = Answer<Value>()
        let clock = Task {
            try await Task.sleep(for: patience)
            answer.give(nil)
        }
        defer { clock.cancel() }
        return await withCheckedContinuation { continuation in
            answer.await(continuation)
            Thread.detachNewThread { [self] in
                let value = body()
                busy.withLock { $0 -= 1 }
                answer.give(value)
            }
        }
    }

    /// The first that is given counts.
    private final class Answer<Value: Sendable>: Sendable {
        private enum State {
            case open
            case awaited(CheckedContinuation<Value?, Never>)
            case given
        }
        private let state = Mutex(State.open)

        func await(_ continuation: CheckedContinuation<Value?, Never>) {
            let isLate = state.withLock { state in
                if case .given = state { return true }
                state = .awaited(continuation)
                return false
            }
            if isLate { continuation.resume(returning: nil) }
        }

        func give(_ value: Value?) {
            let waiting = state.withLock { state -> CheckedContinuation<Value?, Never>? in
                defer { state = .given }
                if case .awaited(let continuation) = state { return continuation }
                return nil
            }
            waiting?.resume(returning: value)
        }
    }

    /// The usage with how much of a processor it was since it was last asked for, a second ago or more.
    func rated(_ usage: GroupUsage, of name: String) -> GroupUsage {
        guard let nanoseconds = usage.cpuNanoseconds else { return usage }
        var rated = usage
        rated.cpuNanosecondsPerSecond = samples.withLock { samples in
            guard let last = samples[name], last.nanoseconds <= nanoseconds, last.at <= usage.measuredAt
            else {
                samples[name] = Sample(at: usage.measuredAt, nanoseconds: nanoseconds)
                return nil
            }
            let seconds = Double(usage.measuredAt - last.at) / 1e9
            guard seconds >= 1 else { return last.rate }
            let rate = UInt64(Double(nanoseconds - last.nanoseconds) / seconds)
            samples[name] = Sample(at: usage.measuredAt, nanoseconds: nanoseconds, rate: rate)
            return rate
        }
        return rated
    }

    /// Forgets all but some.
    func forget(allBut names: Set<String>) {
        samples.withLock { samples in samples = samples.filter { names.contains($0.key) } }
    }

    /// What files take of their file system; nil where the first is not there any more.
    static func layer(_ paths: [String], in folder: String, now: Int64) -> FilesystemUsage? {
        var usage = FilesystemUsage(measuredAt: now, path: folder, usedBytes: 0, usedInodes: 0)
        for (index, path) in paths.enumerated() {
            var status = stat()
            guard lstat(path, &status) == 0 else {
                if index == 0 { return nil }
                continue
            }
            // Blocks of stat(2) are of 512 bytes.
            usage.usedBytes += UInt64(max(0, status.st_blocks)) * 512
            usage.usedInodes += 1
        }
        return usage
    }

    /// What went through devices, by their pods; a namespace that is gone has none.
    ///
    /// Blocks, and leaves its thread in another namespace.
    static func traffic(of pods: [String: [CountedDevice]]) -> [String: [InterfaceUsage]] {
        var own: InterfaceCounters?
        do throws(SystemError) { own = try InterfaceCounters() } catch {
            // Then only pods whose devices are in namespaces of theirs can be told of.
        }
        var found: [String: [InterfaceUsage]] = [:]
        for (pod, devices) in pods {
            var others: [String: InterfaceCounters] = [:]
            found[pod] = devices.compactMap { device in
                var counters = own
                if let path = device.namespace {
                    if others[path] == nil { others[path] = Self.counters(in: path) }
                    counters = others[path]
                }
                return counters?.usage(of: device.device, as: device.name, isReversed: device.isReversed)
            }
        }
        return found
    }

    private static func counters(in path: String) -> InterfaceCounters? {
        do throws(SystemError) {
            try NetworkNamespace(path).enter()
            return try InterfaceCounters()
        } catch {
            return nil
        }
    }
}
