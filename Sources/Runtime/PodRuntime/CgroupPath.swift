// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Where a container's cgroup is below the root of a hierarchy: in the pod's, which kubelet made.
struct CgroupPath: Hashable, Sendable {
    /// The folders from the root down; the last one is the container's own.
    let components: [String]
    /// The scope around the last one, where systemd makes the cgroups; nil where we do.
    let scope: SystemdScope?

    /// Below a pod's cgroup, in the notation of its driver.
    ///
    /// `parent`: like `/kubepods/burstable/pod1` (cgroupfs) or `kubepods-burstable-pod1.slice` (systemd); empty for
    /// none. Nil where a part of it is not a name of a cgroup.
    init?(parent: String, containerID: String) {
        let parts = parent.split(separator: "/").map(String.init)
        guard parts.count <= 32, parent.utf8.count <= 2048, parts.allSatisfy(Self.isName) else { return nil }
        let own = "cvm-\(containerID)"
        guard let last = parts.last, last.hasSuffix(".slice") else {
            components = (parts.isEmpty ? ["contrail-vm"] : parts) + [own]
            scope = nil
            return
        }
        // systemd.slice(5): the name says where a slice is, and no part of it is empty.
        let words = last.dropLast(".slice".count).split(separator: "-", omittingEmptySubsequences: false)
        guard words.allSatisfy({ !$0.isEmpty }) else { return nil }
        scope = SystemdScope(unit: "\(own).scope", slice: last)
        components = Self.slices(last) + ["\(own).scope", "vm"]
    }

    var text: String { components.joined(separator: "/") }

    /// The pod's.
    var pod: String { components.dropLast(scope == nil ? 1 : 2).joined(separator: "/") }

    /// A slice lies in those whose names are its own, shortened at each hyphen (systemd.slice(5)).
    private static func slices(_ slice: String) -> [String] {
        let words = slice.dropLast(".slice".count).split(separator: "-", omittingEmptySubsequences: false)
        return words.indices.map { words[...$0].joined(separator: "-") + ".slice" }
    }

    /// Whether a cgroup may have a file of that name: the kernel's files begin with what they belong to.
    private static func isFile(_ text: String) -> Bool {
        let controllers = [
            "blkio", "cgroup", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "io", "memory",
            "misc",
            "net_cls", "net_prio", "pids", "rdma",
        ]
        if ["tasks", "notify_on_release", "release_agent"].contains(text) { return true }
        return text.contains(".") && controllers.contains(String(text.prefix { $0 != "." }))
    }

    private static func isName(_ text: String) -> Bool {
        guard text != ".", text != "..", text.utf8.count <= 255, !isFile(text) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.:@\\".utf8.contains(byte)
            }
        }
    }
}
