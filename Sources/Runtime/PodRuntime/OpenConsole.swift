// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
import Pods
import Synchronization

/// A guest's serial console while it is open: QEMU's pseudo-terminal.
final class OpenConsole: GuestConsole {
    let output: AsyncStream<[UInt8]>
    private let terminal: FileDescriptor
    private let path: String
    private let isClosed = Atomic(false)

    /// How much of what the guest writes waits for a slow reader; then the guest does.
    private static let mostChunks = 64

    /// Opens a terminal.
    ///
    /// `closed`: called once, when it is let go.
    init(_ path: String, closed: @escaping @Sendable () -> Void) throws(SystemError) {
        self.path = path
        terminal = try FileDescriptor(opening: path, O_RDWR | O_NOCTTY | O_NONBLOCK)
        let (stream, continuation) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingOldest(Self.mostChunks)
        )
        output = stream
        // The thread keeps this alive until it ends, and the descriptor with it.
        Thread { [self] in
            read(into: continuation)
            continuation.finish()
            closed()
        }.start()
    }

    /// Lets the console go, within a quarter of a second.
    func close() { isClosed.store(true, ordering: .relaxed) }

    /// Types for the guest; waits while that takes no more.
    func write(_ bytes: [UInt8]) async throws(PodServiceError) {
        var rest = bytes[...]
        while !rest.isEmpty, !isClosed.load(ordering: .relaxed) {
            let written = rest.withUnsafeBytes { CLinux.write(terminal.raw, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
                continue
            }
            guard written < 0, [EAGAIN, EINTR].contains(clinux_errno()) else {
                throw PodServiceError(
                    .unavailable,
                    "the console \(path) takes nothing: \(String(cString: clinux_strerror(clinux_errno())))"
                )
            }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return }
        }
    }

    private func read(into continuation: AsyncStream<[UInt8]>.Continuation) {
        while !isClosed.load(ordering: .relaxed) {
            var waiting = pollfd(fd: terminal.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 250) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(terminal.raw, &bytes, bytes.count)
            if count < 0, [EAGAIN, EINTR].contains(clinux_errno()) { continue }
            // QEMU has closed its end.
            guard count > 0 else { return }
            let chunk = Array(bytes[..<count])
            var result = continuation.yield(chunk)
            while case .dropped = result, !isClosed.load(ordering: .relaxed) {
                usleep(20_000)
                result = continuation.yield(chunk)
            }
            if case .terminated = result { return }
        }
    }
}
