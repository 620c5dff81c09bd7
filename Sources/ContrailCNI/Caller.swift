// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON
import LinuxSystem

/// The process that runs the plugin.
enum Caller {
    /// The names of multus' processes: thin, and thick, whose daemon runs the plugins; and vmctl, which calls for each
    /// of a VM's networks as well.
    private static let metaPlugins = ["multus", "multus-daemon", "multus-shim", "vmctl"]
    /// The kernel keeps no more of a process's name (TASK_COMM_LEN).
    private static let mostNameBytes = 15

    /// Whether it is a meta plugin: multus, or the one that the configuration names.
    static func isMetaPlugin(_ configured: String) -> Bool {
        do throws(SystemError) {
            // The caller of another process namespace has the number 0, and no folder.
            guard let bytes = try Files.read("/proc/\(getppid())/comm", limit: 64) else { return false }
            let name = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
            return isMetaPlugin(named: name, configured)
        } catch {
            return false
        }
    }

    static func isMetaPlugin(named name: String, _ configured: String) -> Bool {
        (metaPlugins + [configured]).contains {
            name.utf8.elementsEqual($0.utf8.prefix(mostNameBytes)) && !name.isEmpty
        }
    }
}

extension ContrailConfiguration {
    /// Whether an ADD makes one of several interfaces of a pod.
    ///
    /// Where nobody says so, the caller's name does, as in the Go plugin.
    func makesOne() -> Bool { scope.map { $0 == .one } ?? Caller.isMetaPlugin(metaPlugin) }
}
