// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import PodRuntime

/// How many are inside, and how many there were at most.
private final class Counter: Sendable {
    let inside = Atomic<Int>(0)
    let most = Atomic<Int>(0)

    func enter() { most.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed) }
    func leave() { inside.subtract(1, ordering: .relaxed) }
}

/// Something that happens once.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
    func wait() async { while !isSet { await Task.yield() } }
}

@Suite struct LocksTests {
    @Test func `who asks for one name comes one after another`() async {
        let lock = KeyedLock()
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await lock.holding("a") {
                        counter.enter()
                        await Task.yield()
                        counter.leave()
                    }
                }
            }
        }
        #expect(counter.most.load(ordering: .relaxed) == 1)
    }

    @Test func `so many places hold so many`() async throws {
        let semaphore = Semaphore(3)
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await semaphore.holding("a") {
                        counter.enter()
                        await Task.yield()
                        counter.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(counter.most.load(ordering: .relaxed)))
        #expect(counter.inside.load(ordering: .relaxed) == 0)
    }

    @Test func `who is dismissed has no turn, and takes nobody's`() async throws {
        let semaphore = Semaphore(1)
        let inside = Flag()
        let isOver = Flag()
        let isGone = Flag()
        let first = Task {
            try await semaphore.holding("first") {
                inside.set()
                await isOver.wait()
            }
        }
        await inside.wait()
        let second = Task {
            defer { isGone.set() }
            try await semaphore.holding("second") { () -> Void in Issue.record("it had a turn") }
        }
        let third = Task { try await semaphore.holding("third") {} }
        // It may not wait yet.
        while !isGone.isSet {
            for name in ["second", "first"] { semaphore.dismiss(name) }
            await Task.yield()
        }
        await #expect(throws: Semaphore.Dismissal.self) { try await second.value }
        isOver.set()
        try await first.value
        try await third.value
        try await semaphore.holding("fourth") {}
    }

    @Test func `work is under way once by name, and those that wait are woken by its end`() async {
        let underway = Underway()
        #expect(underway.begin("a") && !underway.begin("a") && underway.begin("b"))
        await underway.ended("never begun")
        let isAwake = Flag()
        let waiting = Task {
            await underway.ended("a")
            isAwake.set()
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(!isAwake.isSet && underway.contains("a"))
        underway.end("a")
        await waiting.value
        #expect(!underway.contains("a") && underway.begin("a"))
    }
}
