// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A version of the CNI specification that the plugins speak, oldest first.
public enum CNIVersion: String, CaseIterable, Comparable, Sendable {
    /// 0.1.0
    case v0_1_0 = "0.1.0"
    /// 0.2.0
    case v0_2_0 = "0.2.0"
    /// 0.3.0: results with `interfaces` and `ips`, chains
    case v0_3_0 = "0.3.0"
    /// 0.3.1
    case v0_3_1 = "0.3.1"
    /// 0.4.0: CHECK
    case v0_4_0 = "0.4.0"
    /// 1.0.0: `ips` without `version`
    case v1_0_0 = "1.0.0"
    /// 1.1.0: GC, STATUS, `mtu`, `socketPath`, `pciID`
    case v1_1_0 = "1.1.0"

    /// The newest one.
    public static let newest = CNIVersion.v1_1_0

    /// Older or newer, in the order of the cases.
    public static func < (left: CNIVersion, right: CNIVersion) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .v0_1_0: 0
        case .v0_2_0: 1
        case .v0_3_0: 2
        case .v0_3_1: 3
        case .v0_4_0: 4
        case .v1_0_0: 5
        case .v1_1_0: 6
        }
    }
}
