// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// What a container may use, as files of cgroups.
struct CgroupLimits: Hashable, Sendable {
    /// The resources that the caller asked for.
    let resources: LinuxResources
    /// The most memory in bytes, of QEMU with its guest; nil for no limit.
    let memory: Int64?

    /// A file of a controller and what is written to it.
    struct Setting: Hashable, Sendable {
        /// The controller, like `cpu`.
        var controller: String
        /// The file's name.
        var file: String
        /// Its content.
        var value: String
    }

    /// Files of cgroup v1, in the order in which they are written.
    var v1: [Setting] {
        var settings: [Setting] = []
        func add(_ controller: String, _ file: String, _ value: String) {
            settings.append(Setting(controller: controller, file: "\(controller).\(file)", value: value))
        }
        if resources.cpuShares > 0 { add("cpu", "shares", String(resources.cpuShares)) }
        if resources.cpuPeriod > 0 { add("cpu", "cfs_period_us", String(resources.cpuPeriod)) }
        if resources.cpuQuota != 0 { add("cpu", "cfs_quota_us", String(max(-1, resources.cpuQuota))) }
        if !resources.cpusetCPUs.isEmpty { add("cpuset", "cpus", resources.cpusetCPUs) }
        if !resources.cpusetMemories.isEmpty { add("cpuset", "mems", resources.cpusetMemories) }
        if let memory { add("memory", "limit_in_bytes", String(memory)) }
        return settings
    }

    /// Files of cgroup v2, in the order in which they are written.
    var v2: [Setting] {
        var settings: [Setting] = []
        func add(_ controller: String, _ file: String, _ value: String) {
            settings.append(Setting(controller: controller, file: "\(controller).\(file)", value: value))
        }
        if resources.cpuShares > 0 {
            // Shares 2 to 262144 on weights 1 to 10000, as all runtimes convert them.
            let shares = min(max(resources.cpuShares, 2), 262_144)
            add("cpu", "weight", String(1 + (shares - 2) * 9999 / 262_142))
        }
        if resources.cpuQuota != 0 || resources.cpuPeriod > 0 {
            let quota = resources.cpuQuota > 0 ? String(resources.cpuQuota) : "max"
            add("cpu", "max", "\(quota) \(resources.cpuPeriod > 0 ? resources.cpuPeriod : 100_000)")
        }
        if !resources.cpusetCPUs.isEmpty { add("cpuset", "cpus", resources.cpusetCPUs) }
        if !resources.cpusetMemories.isEmpty { add("cpuset", "mems", resources.cpusetMemories) }
        if let memory { add("memory", "max", String(memory)) }
        return settings
    }
}
