// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Pods

extension PodCgroup {
    /// Examines limits before anything is written down.
    /// - Throws: What can't be granted on this node, by the name of the interface's field.
    func check(_ resources: LinuxResources) throws(PodServiceError) {
        guard resources.cpuPeriod == 0 || (1000...1_000_000).contains(resources.cpuPeriod) else {
            throw Self.refusal(
                "cpu_period",
                String(resources.cpuPeriod),
                "is not 1000 to 1000000 microseconds"
            )
        }
        guard resources.cpuQuota <= 0 || resources.cpuQuota >= 1000 else {
            throw Self.refusal("cpu_quota", String(resources.cpuQuota), "is less than 1000 microseconds")
        }
        guard resources.cpuShares >= 0 else {
            throw Self.refusal("cpu_shares", String(resources.cpuShares), "is less than 0")
        }
        guard resources.memoryLimit >= 0 else {
            throw Self.refusal("memory_limit_in_bytes", String(resources.memoryLimit), "is less than 0")
        }
        try check(resources.cpusetCPUs, "cpuset_cpus", "cpus", "/sys/devices/system/cpu/online")
        try check(resources.cpusetMemories, "cpuset_mems", "mems", "/sys/devices/system/node/online")
    }

    private func check(
        _ text: String,
        _ field: String,
        _ kind: String,
        _ node: String
    ) throws(PodServiceError) {
        guard !text.isEmpty else { return }
        guard let wanted = NumberList(text) else {
            throw Self.refusal(field, text, "is not a list like 0-3,7")
        }
        for file in [granted(kind), node] {
            guard let file, let bytes = try? Files.read(file, limit: 1 << 16) else { continue }
            let there = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            guard let all = NumberList(there) else { continue }
            guard all.contains(wanted) else {
                throw Self.refusal(field, text, "can't be granted: there is \(there)")
            }
        }
    }

    /// The file that says which processors or memory nodes the pod's cgroup has; nil where it is not made yet.
    private func granted(_ kind: String) -> String? {
        let name = isUnified ? "cpuset.\(kind).effective" : "cpuset.\(kind)"
        let file = "\(root)/\(isUnified ? "" : "cpuset/")\(path.pod)/\(name)"
        return Files.isFolder(Files.folder(of: file)) ? file : nil
    }

    private static func refusal(_ field: String, _ value: String, _ reason: String) -> PodServiceError {
        PodServiceError(
            .invalidArgument,
            "the resources' \(field) \"\(PodServiceError.shortened(value))\" \(reason)"
        )
    }
}
