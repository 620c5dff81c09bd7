// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
package import PreparedInterface
import Synchronization

/// Serves the queues of taps in pods' namespaces to one emulator, once: over a Unix socket of its own that
/// only the machine's user can open, and only to a process of this user that is our wrapper.
package final class QueueService: Sendable {
    private let path: String
    private let user: UInt32
    private let wrapper: String
    /// Until when the wrapper is waited for, in monotonic microseconds; nil for as long as the domain is being started.
    private let end = Mutex<Int64?>(nil)

    /// A service for a machine's wrapper; it does nothing yet.
    init(path: String, user: UInt32, wrapper: String) {
        self.path = path
        self.user = user
        self.wrapper = wrapper
    }

    /// A tap whose queues are served.
    package struct Source: Hashable, Sendable {
        let tap: Attachment.Tap
        let queues: Int
        let vhosts: Int

        /// Queues of a tap, and devices of vhost-net for some of them.
        package init(tap: Attachment.Tap, queues: Int, vhosts: Int) {
            self.tap = tap
            self.queues = queues
            self.vhosts = vhosts
        }
    }

    /// Opens the socket.
    ///
    /// The queues are opened when the wrapper comes, and served by `serve(_:)`.
    func listen() throws(MachineError) -> FileDescriptorBox {
        let operation = "serve taps at \(path)"
        do throws(SystemError) { try Files.remove(path) } catch { throw MachineError(operation, error) }
        let socket = clinux_listen_unix(path, 4)
        guard socket >= 0 else { throw MachineError(operation, String(cString: clinux_strerror(-socket))) }
        let listening = FileDescriptorBox(owning: socket)
        guard chown(path, user, UInt32.max) == 0 else {
            throw MachineError(operation, String(cString: clinux_strerror(clinux_errno())))
        }
        return listening
    }

    /// Waits for the wrapper, hands it the queues and removes the socket.
    ///
    /// Blocks; enters namespaces: run it on a thread of its own.
    /// - Returns: What went wrong; nil where all went well, or where it was cancelled.
    func serve(_ sources: [Source], on listening: FileDescriptorBox) -> MachineError? {
        defer { unlink(path) }
        let operation = "hand the taps to the emulator"
        do {
            var messages: [[FileDescriptorBox]] = []
            for source in sources { messages.append(try Self.open(source)) }
            guard let connection = try accept(listening) else {
                return end.withLock { $0 } == 0
                    ? nil
                    : MachineError(operation, "the VM was started, and its emulator did not come for them")
            }
            for message in messages {
                let numbers = message.map(\.raw)
                let sent = clinux_send_descriptors(connection.raw, numbers, Int32(numbers.count))
                guard sent >= 0 else { throw SystemError("send descriptors over", path, errno: -sent) }
            }
            return nil
        } catch {
            return MachineError(operation, error)
        }
    }

    /// Ends the waiting within a tenth of a second.
    func cancel() { end.withLock { $0 = 0 } }

    /// Ends the waiting after so many seconds.
    func finish(within seconds: Int64) { end.withLock { $0 = monotonicMicroseconds() + seconds * 1_000_000 } }

    private func accept(_ listening: FileDescriptorBox) throws(SystemError) -> FileDescriptorBox? {
        while monotonicMicroseconds() < end.withLock({ $0 }) ?? .max {
            var waiting = pollfd(fd: listening.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 100) > 0 else { continue }
            let connection = clinux_accept(listening.raw)
            guard connection >= 0 else {
                if connection == -EAGAIN || connection == -EINTR || connection == -ECONNABORTED { continue }
                throw SystemError("accept at", path, errno: -connection)
            }
            let box = FileDescriptorBox(owning: connection)
            if isWrapper(box) { return box }
        }
        return nil
    }

    /// Whether the peer is the machine's user and runs our wrapper.
    ///
    /// Its user alone decides what it could do with a descriptor; the program is checked so that a mistake
    /// shows here and not in QEMU.
    private func isWrapper(_ connection: FileDescriptorBox) -> Bool {
        var process: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        guard clinux_peer_credentials(connection.raw, &process, &uid, &gid) >= 0, uid == user, process > 0
        else {
            return false
        }
        var running = stat()
        var expected = stat()
        guard stat("/proc/\(process)/exe", &running) == 0, stat(wrapper, &expected) == 0 else { return false }
        return running.st_dev == expected.st_dev && running.st_ino == expected.st_ino
    }

    /// Opens the queues of a tap where it is.
    ///
    /// The thread stays in that namespace.
    private static func open(_ source: Source) throws(SystemError) -> [FileDescriptorBox] {
        if case .pod(let path, let device, let inode) = source.tap.namespace {
            let namespace = try NetworkNamespace(path)
            guard namespace.device == device, namespace.inode == inode else {
                throw SystemError("find the recorded network namespace at", path, errno: ESTALE)
            }
            try namespace.enter()
        }
        var flags: UInt16 = 0
        if source.tap.isMultiQueue { flags |= TapDevice.multiQueue }
        if source.tap.hasVnetHeader { flags |= TapDevice.vnetHeader }
        var descriptors: [FileDescriptorBox] = []
        for _ in 0..<source.queues {
            descriptors.append(FileDescriptorBox(try TapDevice.open(source.tap.name, flags: flags)))
        }
        // Attaching makes a tap where there is none: such a one goes with its last descriptor.
        let persistent: Int32 = 0x0800
        if let first = descriptors.first, clinux_tap_flags(first.raw) & persistent == 0 {
            throw SystemError("find the tap", source.tap.name.text, errno: ENODEV)
        }
        for _ in 0..<source.vhosts {
            descriptors.append(FileDescriptorBox(try FileDescriptor(opening: "/dev/vhost-net", O_RDWR)))
        }
        return descriptors
    }
}

/// A descriptor that can stand in an array.
final class FileDescriptorBox: Sendable {
    private let file: FileDescriptor

    init(_ file: consuming FileDescriptor) { self.file = file }

    convenience init(owning raw: Int32) { self.init(FileDescriptor(owning: raw)) }

    var raw: Int32 { file.raw }
}
