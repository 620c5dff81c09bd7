// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// How much memory a guest gets, and why so much.
struct GuestMemory: Hashable, Sendable {
    /// What of the pod decides.
    enum Source: Hashable, Sendable {
        /// `resources.limits.memory`.
        case limit
        /// `resources.requests.memory`, of a pod without a limit.
        case request
        /// Neither: the pod asks for nothing.
        case none
    }

    /// The guest's memory.
    let mib: Int
    /// What QEMU may take beside it.
    let emulatorMiB: Int
    /// What of the pod decided.
    let source: Source

    /// Memory of a guest whose pod asks for none, as Virtlet gave it.
    static let standardMiB = 1024
    /// The least that a guest can be given.
    static let leastMiB = 64

    /// Finds out what a pod asks for.
    ///
    /// QEMU's own memory comes out of it, as far as the RuntimeClass's overhead does not pay for it.
    /// `nodeBytes`: the memory of this node, of which kubelet tells requests as parts.
    /// - Throws: `PodServiceError.Kind.invalidArgument`, which says how much it would have to be.
    init(
        _ resources: LinuxResources?,
        overhead: LinuxResources?,
        vcpus: Int,
        needs: EmulatorNeeds,
        nodeBytes: Int64
    ) throws(PodServiceError) {
        let extra = max(0, overhead?.memoryLimit ?? 0)
        func guest(of bytes: Int64) -> Int {
            let asked = Int(bytes >> 20)
            return min(
                extra > 0 ? asked : .max,
                needs.mostGuestMiB(
                    within: Int(bytes.addingReportingOverflow(extra).partialValue >> 20),
                    vcpus: vcpus
                )
            )
        }
        func refusal(_ what: String, _ bytes: Int64, _ found: Int) -> PodServiceError {
            let emulator = needs.overheadMiB(guestMiB: Self.leastMiB, vcpus: vcpus)
            return PodServiceError(
                .invalidArgument,
                "the memory \(what) of \(bytes) bytes leaves \(max(0, found)) MiB for the guest, which needs \(Self.leastMiB) MiB, beside "
                    + "\(emulator) MiB for QEMU: raise resources.\(what)s.memory to \(Self.leastMiB + emulator)Mi or more"
            )
        }
        let limit = resources?.memoryLimit ?? 0
        if limit > 0 {
            source = .limit
            mib = guest(of: limit)
            guard mib >= Self.leastMiB else { throw refusal("limit", limit, mib) }
        } else if let request = resources.flatMap({ Self.request($0, nodeBytes: nodeBytes) }) {
            source = .request
            // The request can be more than what is certain: only one that is too small in any case is refused.
            let most = guest(of: request.upperBound)
            guard most >= Self.leastMiB else { throw refusal("request", request.upperBound, most) }
            mib = max(Self.leastMiB, guest(of: request.lowerBound))
        } else {
            source = .none
            mib = Self.standardMiB
        }
        emulatorMiB = needs.overheadMiB(guestMiB: mib, vcpus: vcpus)
    }

    /// What a container's request for memory is, as far as kubelet tells it; nil where it does not.
    ///
    /// The CRI has no field for it. kubelet with the feature MemoryQoS writes it into the cgroup; else it makes
    /// oom_score_adj of it: 1000 less the thousandths of the node's memory, rounded down, so that the request is known to a thousandth.
    static func request(_ resources: LinuxResources, nodeBytes: Int64) -> ClosedRange<Int64>? {
        for file in ["memory.min", "memory.low"] {
            if let bytes = resources.unified[file].flatMap({ Int64($0) }), bytes > 0 { return bytes...bytes }
        }
        // 1000 asks for nothing, and so may 999; up to 2 and below 0 are no request's.
        let score = resources.oomScoreAdjustment
        guard (3...998).contains(score), nodeBytes > 0 else { return nil }
        let part = 1000 - score
        // In this order, because of nodes with petabytes.
        func bytes(_ thousandths: Int64) -> Int64 {
            nodeBytes / 1000 * thousandths + nodeBytes % 1000 * thousandths / 1000
        }
        return bytes(part)...bytes(part + 1)
    }

    /// For the log: what the guest has, and why.
    var description: String {
        switch source {
        case .limit: "the guest has \(mib) MiB of the pod's memory limit; QEMU may take \(emulatorMiB) MiB"
        case .request:
            "the guest has \(mib) MiB of the pod's memory request, for it has no limit; QEMU may take \(emulatorMiB) MiB more"
        case .none:
            "the guest has \(mib) MiB, for the pod has neither a limit nor a request of memory; QEMU may take \(emulatorMiB) MiB more"
        }
    }
}
