// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Resources in the words of cgroups; 0 and empty mean "not told".
public struct LinuxResources: Hashable, Sendable {
    /// CFS period in microseconds.
    public var cpuPeriod: Int64
    /// CFS quota in microseconds a period; below 0 for no limit.
    public var cpuQuota: Int64
    /// CPU shares, relative.
    public var cpuShares: Int64
    /// The limit of memory in bytes.
    public var memoryLimit: Int64
    /// The limit of memory and swap in bytes.
    public var memorySwapLimit: Int64
    /// oom_score_adj, -1000 to 1000.
    public var oomScoreAdjustment: Int64
    /// Processors, like "0-3,7".
    public var cpusetCPUs: String
    /// Memory nodes, like "0".
    public var cpusetMemories: String
    /// Limits of huge pages.
    public var hugepageLimits: [HugepageLimit]
    /// Files of cgroup v2 and their content.
    public var unified: [String: String]

    /// A limit of huge pages of one size.
    public struct HugepageLimit: Hashable, Sendable {
        /// The page's size, like "2MB".
        public var pageSize: String
        /// The limit in bytes.
        public var limit: UInt64

        /// A limit.
        public init(pageSize: String, limit: UInt64) {
            self.pageSize = pageSize
            self.limit = limit
        }
    }

    /// Resources of which nothing is told yet.
    public init() {
        cpuPeriod = 0
        cpuQuota = 0
        cpuShares = 0
        memoryLimit = 0
        memorySwapLimit = 0
        oomScoreAdjustment = 0
        cpusetCPUs = ""
        cpusetMemories = ""
        hugepageLimits = []
        unified = [:]
    }

    /// These with what others tell.
    public func updated(with other: LinuxResources) -> LinuxResources {
        var result = self
        if other.cpuPeriod != 0 { result.cpuPeriod = other.cpuPeriod }
        if other.cpuQuota != 0 { result.cpuQuota = other.cpuQuota }
        if other.cpuShares != 0 { result.cpuShares = other.cpuShares }
        if other.memoryLimit != 0 { result.memoryLimit = other.memoryLimit }
        if other.memorySwapLimit != 0 { result.memorySwapLimit = other.memorySwapLimit }
        if other.oomScoreAdjustment != 0 { result.oomScoreAdjustment = other.oomScoreAdjustment }
        if !other.cpusetCPUs.isEmpty { result.cpusetCPUs = other.cpusetCPUs }
        if !other.cpusetMemories.isEmpty { result.cpusetMemories = other.cpusetMemories }
        if !other.hugepageLimits.isEmpty { result.hugepageLimits = other.hugepageLimits }
        result.unified.merge(other.unified) { $1 }
        return result
    }
}
