// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A system call that a run made, and how strace(1) can meet it again.
struct TracedCall: CustomStringConvertible {
    /// The call, like `openat`.
    let name: String
    /// Which one of its name, from 1: what strace's `when=` counts.
    let ordinal: Int
    /// Its arguments and result, as strace shows them.
    let text: String

    var description: String { "\(name) \(ordinal)" }

    /// Calls that change something outside the process, or end it.
    ///
    /// Memory, signals, clocks, waiting, reading and looking at files and closing are left out: a kill
    /// there is the same to everybody else as one at the next call of this list.
    static let effects: Set = [
        "open", "openat", "openat2", "creat", "write", "writev", "pwrite64", "ftruncate", "rename",
        "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat",
        "symlink",
        "symlinkat", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "mknod", "mknodat",
        "fsync", "fdatasync", "flock", "ioctl", "setns", "unshare", "mount", "umount2", "socket", "bind",
        "connect", "sendto", "sendmsg", "sendmmsg", "shutdown", "execve", "clone", "clone3", "fork", "vfork",
        "exit_group",
    ]

    /// Calls that can fail, and whose failure must be survived, beside the effects.
    static let fallible: Set = ["read", "recvfrom", "recvmsg", "getdents64", "setsockopt", "dup2", "fcntl"]

    /// Whether it is one of the effects; an open(2) only where it may make or change something.
    var isEffect: Bool {
        guard Self.effects.contains(name) else { return false }
        guard name.hasPrefix("open") else { return true }
        return ["O_CREAT", "O_TRUNC", "O_WRONLY", "O_RDWR"].contains { text.contains($0) }
    }

    /// Whether it can be made to fail: all but the process's own beginning and end.
    var canFail: Bool { name != "exit_group" && name != "execve" }

    /// The options of strace(1) that write the calls of a run to a file.
    static func record(to path: String) -> [String] {
        let set = effects.union(fallible).sorted().joined(separator: ",")
        return ["strace", "-f", "-qq", "-s", "96", "-o", path, "-e", "signal=none", "-e", "trace=\(set)"]
    }

    /// The options of strace(1) that do something to a run when it comes to this call.
    ///
    /// `what`: like `signal=KILL`, before the call, or `error=EPERM`, in place of it.
    func inject(_ what: String, output: String = "/dev/null") -> [String] {
        [
            "strace", "-f", "-o", output, "-e", "trace=\(name)", "-e",
            "inject=\(name):\(what):when=\(ordinal)",
        ]
    }

    /// The calls in a file that strace wrote, in order.
    static func parse(_ text: String) -> [TracedCall] {
        var counts: [Substring: Int] = [:]
        var calls: [TracedCall] = []
        for line in text.split(separator: "\n") {
            // <process> <call>(<arguments>) = <result>
            guard let match = line.firstMatch(of: /^[0-9]+ +([a-z0-9_]+)\((.*)$/) else { continue }
            counts[match.1, default: 0] += 1
            // The shell's exec of the plugin itself is strace's own.
            guard match.1 != "execve" else { continue }
            calls.append(
                TracedCall(name: String(match.1), ordinal: counts[match.1] ?? 0, text: String(match.2))
            )
        }
        return calls
    }
}
