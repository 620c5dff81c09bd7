// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@Suite struct FileLockTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("locks/k8s__default__web") }

    private func soon(_ microseconds: Int64 = 10_000_000) -> Int64 { monotonicMicroseconds() + microseconds }

    @Test func `a lock makes its file and folders, and removes the file`() throws {
        let lock = try FileLock(path, deadline: 0)
        #expect(folder.list("locks") == ["k8s__default__web"])
        lock.unlock()
        #expect(folder.list("locks") == [])
    }

    @Test func `a lock that is held is waited for until the deadline`() throws {
        let lock = try FileLock(path, deadline: 0)
        let start = monotonicMicroseconds()
        #expect(throws: SystemError("lock", path, errno: ETIMEDOUT)) {
            _ = try FileLock(path, deadline: start + 200_000)
        }
        let waited = monotonicMicroseconds() - start
        #expect((200_000...5_000_000).contains(waited))
        lock.unlock()
    }

    @Test func `a deadline in the past means not to wait`() throws {
        let lock = try FileLock(path, deadline: 0)
        #expect(throws: SystemError("lock", path, errno: ETIMEDOUT)) { _ = try FileLock(path, deadline: 0) }
        lock.unlock()
        try FileLock(path, deadline: 0).unlock()
    }

    @Test func `a lock that nobody unlocked ends with its object`() throws {
        do { _ = try FileLock(path, deadline: 0) }
        try FileLock(path, deadline: 0).unlock()
    }

    @Test func `a waiter gets the lock after the file was removed, and the path names its file`() throws {
        let lock = try FileLock(path, deadline: 0)
        let path = path
        let folder = folder
        let end = soon()
        let seenByWaiter = Seen()
        let waiter = PlainThread {
            guard let lock = try? FileLock(path, deadline: end) else { return }
            seenByWaiter.set(folder.list("locks"))
            lock.unlock()
        }
        usleep(50_000)
        #expect(seenByWaiter.names == nil)
        lock.unlock()
        // Still open here: the waiter must not need the end of this object.
        waiter.join()
        #expect(seenByWaiter.names == ["k8s__default__web"])
        withExtendedLifetime(lock) {}
    }

    @Test func `unlocking twice does not take the file from the next holder`() throws {
        let first = try FileLock(path, deadline: 0)
        first.unlock()
        let second = try FileLock(path, deadline: 0)
        first.unlock()
        #expect(throws: SystemError("lock", path, errno: ETIMEDOUT)) { _ = try FileLock(path, deadline: 0) }
        second.unlock()
    }

    @Test func `threads exclude each other`() {
        let path = path
        let end = soon(20_000_000)
        let state = Inside()
        let threads = (0..<8).map { _ in
            PlainThread {
                for _ in 0..<25 {
                    guard let lock = try? FileLock(path, deadline: end) else { return }
                    state.visit()
                    lock.unlock()
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(state.visits == 200)
        #expect(state.most == 1)
    }

    @Test(
        .enabled(if: access("/usr/bin/flock", X_OK) == 0, "needs flock(1) of util-linux as the other process")
    )
    func `another process excludes this one until it ends`() throws {
        folder.write("", to: "locks/k8s__default__web")
        let other = try #require(popen("exec /usr/bin/flock \(path) sh -c 'echo held; exec sleep 0.3'", "r"))
        var line = [CChar](repeating: 0, count: 16)
        #expect(fgets(&line, 16, other) != nil)
        #expect(throws: SystemError("lock", path, errno: ETIMEDOUT)) { _ = try FileLock(path, deadline: 0) }
        try FileLock(path, deadline: soon()).unlock()
        pclose(other)
    }

    @Test func `a symbolic link in the place of the file is not followed`() throws {
        mkdir(folder.path("locks"), 0o700)
        #expect(symlink(folder.path("victim"), path) == 0)
        #expect(throws: SystemError("open", path, errno: ELOOP)) { _ = try FileLock(path, deadline: 0) }
        #expect(folder.list() == ["locks"])
    }
}

/// How many are inside at once.
private final class Inside: Sendable {
    private let state = Mutex((now: 0, most: 0, visits: 0))

    var most: Int { state.withLock { $0.most } }
    var visits: Int { state.withLock { $0.visits } }

    func visit() {
        state.withLock {
            $0.now += 1
            $0.visits += 1
            $0.most = max($0.most, $0.now)
        }
        usleep(200)
        state.withLock { $0.now -= 1 }
    }
}

/// What a thread saw.
private final class Seen: Sendable {
    private let state = Mutex<[String]?>(nil)

    var names: [String]? { state.withLock { $0 } }

    func set(_ names: [String]) { state.withLock { $0 = names } }
}
