// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
import Pods

/// The cgroup of a container, below the pod's: made by us, because libvirt can't address the pod's.
///
/// Where systemd makes cgroups, it makes a scope, and ours is in that.
struct PodCgroup: Sendable {
    /// Where the hierarchies are mounted.
    let root: String
    let path: CgroupPath

    init(root: String = "/sys/fs/cgroup", _ path: CgroupPath) {
        self.root = root
        self.path = path
    }

    /// Controllers of cgroup v1 that a VM is put under.
    private static let controllers = ["cpu", "cpuacct", "cpuset", "memory", "pids"]

    /// Whether there is one hierarchy for all controllers (cgroup v2).
    var isUnified: Bool { Self.isUnified(root) }

    static func isUnified(_ root: String) -> Bool { access("\(root)/cgroup.controllers", F_OK) == 0 }

    /// The folders of the container's cgroup, one a hierarchy.
    private var folders: [String] {
        guard !isUnified else { return ["\(root)/\(path.text)"] }
        return Self.controllers.filter { Files.isFolder("\(root)/\($0)") }.map {
            "\(root)/\($0)/\(path.text)"
        }
    }

    /// Makes it, limits it and moves a process with all its threads into it.
    ///
    /// Repeatable.
    func take(_ process: Int32, _ limits: CgroupLimits) async throws {
        try await path.scope?.take(process)
        for folder in folders { try make(folder) }
        // A cgroup of v2 passes no controllers on while a process is in it: the scope is left first.
        if path.scope == nil { try set(limits) }
        for folder in folders { try write(String(process), to: "\(folder)/cgroup.procs") }
        guard path.scope != nil else { return }
        if isUnified { for folder in folders { passOn(Files.folder(of: folder)) } }
        try set(limits)
    }

    /// Limits it; where one limit is refused, those before it are taken back.
    func set(_ limits: CgroupLimits) throws(SystemError) { _ = try replace(limits) }

    /// The same.
    /// - Returns: What was there before, for `restore(_:)`.
    func replace(_ limits: CgroupLimits) throws(SystemError) -> [Former] {
        var former: [Former] = []
        for setting in isUnified ? limits.v2 : limits.v1 {
            let folder = isUnified ? "\(root)/\(path.text)" : "\(root)/\(setting.controller)/\(path.text)"
            // A controller that this node does not have limits nothing: kubelet would not have started either.
            guard Files.isFolder(folder) else { continue }
            let file = "\(folder)/\(setting.file)"
            do throws(SystemError) {
                let before = try Files.read(file, limit: 1 << 16) ?? []
                try write(setting.value, to: file)
                former.append(Former(file: file, content: String(decoding: before, as: UTF8.self)))
            } catch {
                restore(former)
                throw error
            }
        }
        return former
    }

    /// A file of the cgroup as it was.
    struct Former: Hashable, Sendable {
        let file: String
        let content: String
    }

    /// Writes back what was there, the last first; what is refused now stays.
    func restore(_ former: [Former]) {
        for file in former.reversed() { try? write(file.content, to: file.file) }
    }

    /// How often the kernel killed a process of it because its memory limit was reached; nil where it is gone.
    var memoryKills: Int? { memoryKills(path.text) }

    /// As often in the whole pod.
    ///
    /// systemd removes a scope as soon as it is empty; with cgroup v2 the pod's count has all that is below it.
    var podsMemoryKills: Int? { isUnified ? memoryKills(path.pod) : nil }

    private func memoryKills(_ path: String) -> Int? {
        let file = isUnified ? "\(root)/\(path)/memory.events" : "\(root)/memory/\(path)/memory.oom_control"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, parts[0] == "oom_kill" { return Int(parts[1]) }
        }
        return nil
    }

    /// Removes it, with no process in it any more; it may be gone.
    func remove() throws(SystemError) {
        try Self.remove(folders)
        // Where systemd has no hierarchy of its own, the scope's folder is ours; it removes all others.
        if path.scope != nil { for folder in folders { rmdir(Files.folder(of: folder)) } }
    }

    /// Removes cgroups of containers of which nothing else is known, wherever they are below the root.
    ///
    /// `names`: like the domains'; a scope's has an ending.
    static func remove(named names: Set<String>, below root: String) throws(SystemError) {
        guard !names.isEmpty else { return }
        var found: [String] = []
        let isUnified = isUnified(root)
        var open = isUnified ? [root] : controllers.map { "\(root)/\($0)" }
        while let folder = open.popLast() {
            for name in folders(in: folder) {
                let path = "\(folder)/\(name)"
                if name.hasPrefix("cvm-"), names.contains(String(name.prefix { $0 != "." })) {
                    // QEMU is in a folder of its own in a scope.
                    found += ["\(path)/vm", path]
                } else {
                    open.append(path)
                }
            }
        }
        try remove(found)
    }

    /// The folders in a folder: a cgroup has dozens of files, which are passed over unread.
    private static func folders(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            guard Int(entry.pointee.d_type) == Int(DT_DIR) else { continue }
            let name = String(cString: clinux_entry_name(entry))
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func remove(_ folders: [String]) throws(SystemError) {
        for folder in folders {
            // The kernel lets go of a process that was killed some time after it was waited for.
            var failure: Int32 = 0
            for _ in 1...50 {
                failure = rmdir(folder) == 0 ? 0 : clinux_errno()
                guard failure == EBUSY else { break }
                usleep(20_000)
            }
            guard failure == 0 || failure == ENOENT else {
                throw SystemError("remove the cgroup", folder, errno: failure)
            }
        }
    }

    /// Makes a folder and those above it; a run that was killed may have made one of them, but not filled it.
    private func make(_ folder: String) throws(SystemError) {
        let parent = Files.folder(of: folder)
        if parent.utf8.count > root.utf8.count { try make(parent) }
        let isThere = Files.isFolder(folder)
        guard isThere || mkdir(folder, 0o755) == 0 || clinux_errno() == EEXIST else {
            throw SystemError("make the cgroup", folder, errno: clinux_errno())
        }
        // A new cpuset has no processors, and takes no process before it has.
        for name in ["cpuset.cpus", "cpuset.mems"] where !isUnified {
            let file = "\(folder)/\(name)"
            guard let own = try Files.read(file, limit: 4096), own.allSatisfy({ $0 == UInt8(ascii: "\n") })
            else {
                continue
            }
            let inherited = try Files.read("\(parent)/\(name)", limit: 4096) ?? []
            try write(String(decoding: inherited, as: UTF8.self), to: file)
        }
        if isUnified, !isThere, path.scope == nil, parent.utf8.count >= root.utf8.count { passOn(parent) }
    }

    /// Gives children of a cgroup of v2 its controllers.
    ///
    /// One that the node does not have is missed where a limit of it is written, which says so.
    private func passOn(_ folder: String) {
        for controller in ["cpu", "cpuset", "memory"] {
            try? write("+\(controller)", to: "\(folder)/cgroup.subtree_control")
        }
    }

    private func write(_ text: String, to file: String) throws(SystemError) {
        let descriptor = try FileDescriptor(opening: file, O_WRONLY)
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor.raw, bytes, bytes.count) == bytes.count else {
            throw SystemError("write \"\(text.prefix(100))\" to", file, errno: clinux_errno())
        }
    }
}
