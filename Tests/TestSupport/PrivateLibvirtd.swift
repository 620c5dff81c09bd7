// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A libvirtd of a test's own: its folders are private by a mount namespace, and all it starts ends with it by a
/// process namespace.
///
/// In that namespace a shell is process 1, because libvirt waits until the probes it ends are gone, and a
/// process 1 that reaps nobody makes it wait for long. /dev/kvm is covered: where only root may open it,
/// libvirt finds its capabilities stale at each look.
public final class PrivateLibvirtd: Sendable {
    /// The URI that clients connect to.
    public let uri: String
    private let scratch: ScratchFolder
    private let started: Programs.Started

    private static let folders = [
        "etc": "/etc/libvirt", "run": "/run/libvirt", "lib": "/var/lib/libvirt", "log": "/var/log/libvirt",
        "cache": "/var/cache/libvirt",
    ]

    private static let script = """
        set -e
        for pair in $FOLDERS; do mkdir -p ${pair#*:}; mount --bind $0/${pair%%:*} ${pair#*:}; done
        if [ -e /dev/kvm ]; then mount --bind $0/kvm /dev/kvm; fi
        libvirtd -p $0/libvirtd.pid &
        wait $!
        """

    /// Starts it and waits until it answers.
    public init() throws {
        scratch = try ScratchFolder()
        for folder in Self.folders.keys { _ = try scratch.file("\(folder)/.keep", "") }
        _ = try scratch.file(
            "etc/qemu.conf",
            """
            security_driver = "none"
            stdio_handler = "file"
            remember_owner = 0
            dynamic_ownership = 1
            seccomp_sandbox = 1
            namespaces = []
            cgroup_controllers = []

            """
        )
        // Whoever may write to its sockets is root.
        _ = try scratch.file(
            "etc/libvirtd.conf",
            """
            auth_unix_rw = "none"
            unix_sock_rw_perms = "0600"
            unix_sock_ro_perms = "0600"
            unix_sock_admin_perms = "0600"
            log_outputs = "3:stderr"

            """
        )
        _ = try scratch.file("kvm", "", mode: 0o600)
        let pairs = Self.folders.map { "\($0.key):\($0.value)" }.joined(separator: " ")
        started = try Programs.start(
            "/usr/bin/unshare",
            [
                "--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child", "--mount-proc",
                "/bin/bash",
                "-c", Self.script, scratch.path,
            ],
            environment: ["FOLDERS": pairs]
        )
        uri = "qemu:///system?socket=\(scratch.path)/run/libvirt-sock"
        try waitUntilItAnswers()
    }

    deinit { finish() }

    /// unshare(1) ignores SIGTERM; with SIGKILL process 1 of the namespace ends, and with it all others.
    @discardableResult
    private func finish() -> Programs.Run {
        started.process.kill()
        return started.result()
    }

    private func waitUntilItAnswers() throws {
        let end = Date().addingTimeInterval(30)
        while true {
            let answer = try Programs.run("/usr/bin/virsh", ["-c", uri, "list"], seconds: 20)
            if answer.status == 0 { return }
            guard Date() < end, started.process.isRunning else {
                throw Programs.Missing(what: "answer of libvirtd: \(answer.errors)\n\(finish().errors)")
            }
            usleep(100_000)
        }
    }
}
