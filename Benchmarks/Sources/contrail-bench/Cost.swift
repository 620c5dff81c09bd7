// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What one run of a program cost.
struct Cost: Codable {
    /// User time of the process and its children, in microseconds.
    let user: Int
    /// System time of the process and its children, in microseconds.
    let system: Int
    /// From start to end as the launcher saw it, in microseconds.
    let wall: Int
    /// What the simulator took for the answers, in microseconds: part of `wall`, not of `cpu`.
    let agent: Int
    /// The most memory that was resident, in KiB.
    let peak: Int
    /// Page faults that needed no disk.
    let faults: Int

    /// User and system time, in microseconds.
    var cpu: Int { user + system }
}

/// What the runs for several pods at once cost together.
struct CrowdCost: Codable {
    /// From the start of the first to the end of the last, in microseconds.
    let makespan: Int
    /// User and system time of all, in microseconds.
    let cpu: Int
}

extension [Int] {
    /// The middle value; the mean of both where there are two.
    var median: Double {
        let sorted = sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1
            ? Double(sorted[middle]) : Double(sorted[middle - 1] + sorted[middle]) / 2
    }
}
