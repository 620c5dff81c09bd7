// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import OperatorClient
import Synchronization

/// The operator's terminal joined to a machine's.
struct ConsoleSession {
    /// The key that leaves the console: Ctrl-].
    private static let leave: UInt8 = 0x1D

    let name: String
    let containerID: String

    /// Copies both ways until Ctrl-], until the machine ends, or, where the input is not a terminal, until it has
    /// ended and the guest was silent for a second.
    func run(_ vms: OperatorClient) async throws {
        Terminal.note("Connected to \(name). Ctrl-] leaves.")
        let former = Self.makeRaw(0)
        defer { Self.restore(0, former) }
        let heard = LastHeard()
        let (typed, keys) = AsyncStream.makeStream(of: [UInt8].self)
        // It ends with the process where nothing more is typed.
        Thread.detachNewThread { Self.read(into: keys) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (input, sent) = AsyncStream.makeStream(of: [UInt8].self)
            group.addTask { [containerID] in
                try await vms.attachConsole(containerID, input: input) { bytes in
                    heard.now()
                    Terminal.write(bytes, to: 1)
                }
            }
            group.addTask {
                var hasLeft = false
                for await bytes in typed {
                    let text = bytes.prefix { $0 != Self.leave }
                    sent.yield(Array(text))
                    hasLeft = text.count < bytes.count
                    if hasLeft { break }
                }
                heard.now()
                while !hasLeft, heard.isRecent { try await Task.sleep(for: .milliseconds(100)) }
            }
            // Whichever ends first ends the session.
            try await group.next()
            sent.finish()
            group.cancelAll()
            while let ended = await group.nextResult() { _ = ended }
        }
    }

    /// When the guest was last heard.
    private final class LastHeard: Sendable {
        private let time = Mutex(ContinuousClock.now)

        func now() { time.withLock { $0 = .now } }

        var isRecent: Bool { time.withLock { $0 + .seconds(1) > .now } }
    }

    private static func read(into keys: AsyncStream<[UInt8]>.Continuation) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = CLinux.read(0, &bytes, bytes.count)
            if count < 0, clinux_errno() == EINTR { continue }
            guard count > 0 else { return keys.finish() }
            keys.yield(Array(bytes[..<count]))
        }
    }

    /// Passes every key on, also Ctrl-C; nil where the descriptor is not a terminal.
    private static func makeRaw(_ descriptor: Int32) -> termios? {
        var former = termios()
        guard tcgetattr(descriptor, &former) == 0 else { return nil }
        var raw = former
        cfmakeraw(&raw)
        tcsetattr(descriptor, TCSANOW, &raw)
        return former
    }

    private static func restore(_ descriptor: Int32, _ former: termios?) {
        guard var former else { return }
        tcsetattr(descriptor, TCSANOW, &former)
        Terminal.note("")
    }
}
