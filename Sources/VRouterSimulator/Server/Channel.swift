// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A connection with output that the peer has not taken yet.
final class Channel {
    enum Kind {
        case api
        case control
    }

    let fd: Int32
    let kind: Kind
    var parser = HTTPParser()
    /// Control only: the part of a line that has come.
    var line: Bytes = []
    private var output: Bytes = []
    private var closesWhenSent = false
    private(set) var isClosed = false

    init(fd: Int32, kind: Kind) {
        self.fd = fd
        self.kind = kind
    }

    deinit {
        close()
    }

    var wantsToWrite: Bool { !output.isEmpty }

    /// What has come; none if nothing has, empty at the end.
    func read(into buffer: inout Bytes) -> ArraySlice<UInt8>? {
        let count = recv(fd, &buffer, buffer.count, 0)
        if count < 0 { return errno == EAGAIN || errno == EINTR ? nil : [] }
        return buffer[..<count]
    }

    func send(_ bytes: Bytes, thenClose: Bool = false) {
        output += bytes
        closesWhenSent = closesWhenSent || thenClose
        flush()
    }

    func flush() {
        while !output.isEmpty, !isClosed {
            let count = output.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno != EAGAIN && errno != EINTR { close() }
                return
            }
            output.removeFirst(count)
        }
        if closesWhenSent { close() }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(fd)
    }
}
