// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Values for another thread, which sleeps in poll(2) on a pipe.
final class Queue<Value: Sendable>: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32
    private let values = Mutex<[Value]>([])

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("make", "a pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func post(_ value: Value) {
        let wasEmpty = values.withLock { list in
            defer { list.append(value) }
            return list.isEmpty
        }
        guard wasEmpty else { return }
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }

    /// Sleeps until something is there.
    func wait() {
        var polled = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        while poll(&polled, 1, -1) < 0, errno == EINTR {}
    }

    /// Takes all that is there.
    func take() -> [Value] {
        var bytes = Bytes(repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
        return values.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
