// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostPrograms
import LinuxSystem

/// A scope of systemd's with a process in it, handed over to us (systemd.scope(5), Delegate=).
///
/// Below a pod's slice systemd owns the cgroups: what others make there, and limits that others write, it may take back.
struct SystemdScope: Hashable, Sendable {
    /// Its name, like `cvm-0123456789abcdef.scope`.
    let unit: String
    /// The slice that it lies in.
    let slice: String

    /// Has systemd put a process into it.
    ///
    /// Repeatable.
    func take(_ process: Int32) async throws {
        guard try !holds(process) else { return }
        let properties = [
            "Description", "s", "A virtual machine of a pod", "Slice", "s", slice, "Delegate", "b", "true",
            "CollectMode", "s", "inactive-or-failed", "PIDs", "au", "1", String(process),
        ]
        try await HostProgram("/usr/bin/busctl").succeed(
            [
                "--system", "--quiet", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                "org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail",
                "5",
            ] + properties + ["0"],
            seconds: 30
        )
        // The call is answered when the job is queued.
        for _ in 1...500 {
            if try holds(process) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw SystemError("put QEMU into", unit, errno: ETIMEDOUT)
    }

    /// Whether a process is in it or below it.
    private func holds(_ process: Int32) throws(SystemError) -> Bool {
        let groups = try Files.read("/proc/\(process)/cgroup", limit: 1 << 16) ?? []
        return String(decoding: groups, as: UTF8.self).split(whereSeparator: { "/\n".contains($0) })
            .contains(Substring(unit))
    }
}
