// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// Resources within a row.
struct ResourcesRow: Codable {
    struct HugepageLimit: Codable {
        var pageSize: String
        var limit: UInt64
    }

    var cpuPeriod: Int64
    var cpuQuota: Int64
    var cpuShares: Int64
    var memoryLimit: Int64
    var memorySwapLimit: Int64
    var oomScoreAdjustment: Int64
    var cpusetCPUs: String
    var cpusetMemories: String
    var hugepageLimits: [HugepageLimit]
    var unified: [String: String]

    init(_ resources: LinuxResources) {
        cpuPeriod = resources.cpuPeriod
        cpuQuota = resources.cpuQuota
        cpuShares = resources.cpuShares
        memoryLimit = resources.memoryLimit
        memorySwapLimit = resources.memorySwapLimit
        oomScoreAdjustment = resources.oomScoreAdjustment
        cpusetCPUs = resources.cpusetCPUs
        cpusetMemories = resources.cpusetMemories
        hugepageLimits = resources.hugepageLimits.map {
            HugepageLimit(pageSize: $0.pageSize, limit: $0.limit)
        }
        unified = resources.unified
    }

    var value: LinuxResources {
        var resources = LinuxResources()
        resources.cpuPeriod = cpuPeriod
        resources.cpuQuota = cpuQuota
        resources.cpuShares = cpuShares
        resources.memoryLimit = memoryLimit
        resources.memorySwapLimit = memorySwapLimit
        resources.oomScoreAdjustment = oomScoreAdjustment
        resources.cpusetCPUs = cpusetCPUs
        resources.cpusetMemories = cpusetMemories
        resources.hugepageLimits = hugepageLimits.map {
            LinuxResources.HugepageLimit(pageSize: $0.pageSize, limit: $0.limit)
        }
        resources.unified = unified
        return resources
    }
}
