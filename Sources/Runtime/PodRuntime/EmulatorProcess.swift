// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import Pods

/// The process of a VM's emulator, as found and verified.
///
/// An emulator inherits its pid file open for writing, so what the file says is a hint and no more: root must move the
/// process that libvirt started, not one that the file names.
struct EmulatorProcess: Hashable, Sendable {
    /// Its id.
    let identifier: Int32
    /// When it began, in the kernel's ticks since the boot: a reused id has another beginning.
    let beginning: UInt64

    /// What the process must be.
    struct Expectation: Sendable {
        /// The user, all four ids of it.
        let user: UInt32
        /// The program, as a path; links are followed.
        let program: String
        /// When its start was asked for, in ticks since the boot.
        let askedAt: UInt64
    }

    /// The kernel's ticks since the boot.
    static func ticks() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return UInt64(now.tv_sec) * 100 + UInt64(now.tv_nsec) / 10_000_000
    }

    /// The process that a pid file names; an error where it is not the one that is expected, or not the only one of
    /// its user.
    ///
    /// `processes`: /proc.
    init(file: String, _ expected: Expectation, processes: String = "/proc") throws(PodServiceError) {
        let identifier = try Self.identifier(in: file)
        let folder = "\(processes)/\(identifier)"
        func refuse(_ reason: String) -> PodServiceError {
            PodServiceError(
                .internalError,
                "\(file) names the process \(identifier), which is not the VM's emulator: \(reason); the VM is ended"
            )
        }
        guard let users = Self.users(of: folder) else { throw refuse("it has ended") }
        guard users.allSatisfy({ $0 == expected.user }) else {
            throw refuse(
                "its user ids are \(users.map(String.init).joined(separator: " ")), not \(expected.user)"
            )
        }
        guard Self.isSameFile("\(folder)/exe", expected.program) else {
            throw refuse("it does not run \(expected.program)")
        }
        guard let beginning = Self.beginning(of: folder) else { throw refuse("it has ended") }
        guard beginning >= expected.askedAt else { throw refuse("it is older than the VM") }
        for other in try Self.all(in: processes) where other != identifier {
            guard let users = Self.users(of: "\(processes)/\(other)"), users.contains(expected.user) else {
                continue
            }
            throw refuse("the process \(other) has the user \(expected.user), too")
        }
        self.identifier = identifier
        self.beginning = beginning
    }

    /// Whether it still is the process that was found.
    var isThere: Bool { Self.beginning(of: "/proc/\(identifier)") == beginning }

    private static func identifier(in file: String) throws(PodServiceError) -> Int32 {
        let bytes: [UInt8]
        do throws(SystemError) {
            // Neither a link that leads elsewhere nor a pipe that nobody writes to.
            let opened = try FileDescriptor(opening: file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            bytes = try opened.readAll(limit: 64, name: file)
        } catch {
            throw PodServiceError(.internalError, "\(error.message): is libvirt-pid-dir right?")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int32(digits), number > 1
        else {
            throw PodServiceError(
                .internalError,
                "\(file) holds no process id: is libvirt-pid-dir right?"
            )
        }
        return number
    }

    /// The real, effective, saved and file system's user id of a process; nil where it is gone.
    private static func users(of folder: String) -> [UInt32]? {
        guard let text = text("\(folder)/status"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") })
        else { return nil }
        let users = line.dropFirst("Uid:".count).split(separator: "\t").compactMap { UInt32($0) }
        return users.count == 4 ? users : nil
    }

    /// proc_pid_stat(5), field 22; the name, field 2, may hold anything, also blanks and parentheses.
    private static func beginning(of folder: String) -> UInt64? {
        guard let text = text("\(folder)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }

    private static func all(in folder: String) throws(PodServiceError) -> [Int32] {
        do throws(SystemError) {
            return try Files.list(folder).compactMap { Int32($0) }
        } catch {
            throw PodServiceError(.internalError, error.message)
        }
    }

    private static func text(_ path: String) -> String? {
        guard let bytes = try? Files.read(path, limit: 1 << 16) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
