// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a run that was killed left in the run directory.
enum Leftovers {
    /// Ends the dnsmasq processes whose ids are in files there, if they are still what they were.
    static func removeProcesses(in runDirectory: String) {
        let folder = Bytes(runDirectory)
        for name in FileText.entries(folder).map(\.text) where name.hasPrefix(BridgeName.prefix) {
            let path = "\(runDirectory)/\(name)"
            if name.hasSuffix(".pid") {
                let bridge = String(name.dropLast(4))
                let text = FileText.read(Bytes(path))?.text.split(separator: "\n").first
                if let id = text.flatMap({ pid_t($0) }), isServer(id, of: bridge, runDirectory) { end(id) }
            }
            StateFolder.removeAll(Bytes(path))
        }
    }

    private static func isServer(_ id: pid_t, of bridge: String, _ runDirectory: String) -> Bool {
        let arguments = RunningProcess.arguments(id)
        return arguments.first?.split(separator: "/").last == "dnsmasq"
            && arguments.contains("--interface=\(bridge)")
            && arguments.contains("--dhcp-hostsdir=\(runDirectory)/\(bridge)/hosts")
    }

    private static func end(_ id: pid_t) {
        kill(id, SIGTERM)
        for _ in 0..<200 where kill(id, 0) == 0 { usleep(10_000) }
        if kill(id, 0) == 0 { kill(id, SIGKILL) }
    }
}
