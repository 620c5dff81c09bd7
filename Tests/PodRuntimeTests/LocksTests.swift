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

    @Test func `so many places hold so many`() async {
        let semaphore = Semaphore(3)
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await semaphore.holding {
                        counter.enter()
                        await Task.yield()
                        counter.leave()
                    }
                }
            }
        }
        #expect((1...3).contains(counter.most.load(ordering: .relaxed)))
        #expect(counter.inside.load(ordering: .relaxed) == 0)
    }
}
