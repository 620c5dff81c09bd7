// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem

/// The operator's terminal joined to a machine's.
struct ConsoleSession {
    /// Ctrl-]
    private static let leave: UInt8 = 0x1D

    let path: String

    /// Copies both ways until Ctrl-], until the machine ends, or, where the input is no terminal, until it has
    /// ended and the guest was silent for a second.
    func run() throws(SystemError) {
        let guest = try FileDescriptor(opening: path, O_RDWR | O_NOCTTY)
        let former = Self.makeRaw(0)
        defer { Self.restore(0, former) }
        var hasInput = true
        while true {
            var waiting = [
                pollfd(fd: guest.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasInput ? 0 : -1, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&waiting, 2, hasInput ? -1 : 1000)
            if ready < 0, clinux_errno() == EINTR { continue }
            guard ready > 0 else { return }
            if waiting[0].revents != 0 {
                guard let bytes = Self.bytes(guest.raw) else { return }
                Terminal.write(bytes, to: 1)
            }
            if waiting[1].revents != 0 {
                guard let bytes = Self.bytes(0) else {
                    hasInput = false
                    continue
                }
                let typed = bytes.prefix { $0 != Self.leave }
                Terminal.write(Array(typed), to: guest.raw)
                if typed.count < bytes.count { return }
            }
        }
    }

    /// What can be read now; nil at the end, and where the other side is gone.
    private static func bytes(_ descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Passes every key on, also Ctrl-C; nil where the descriptor is no terminal.
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
