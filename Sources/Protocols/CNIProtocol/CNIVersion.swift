// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A version of the CNI specification that the plugins speak, oldest first.
public enum CNIVersion: String, CaseIterable, Comparable, Sendable {
    /// 0.1.0.
    case v010 = "0.1.0"
    /// 0.2.0.
    case v020 = "0.2.0"
    /// 0.3.0: results with `interfaces` and `ips`, chains.
    case v030 = "0.3.0"
    /// 0.3.1.
    case v031 = "0.3.1"
    /// 0.4.0: CHECK.
    case v040 = "0.4.0"
    /// 1.0.0: `ips` without `version`.
    case v100 = "1.0.0"
    /// 1.1.0: GC, STATUS, `mtu`, `socketPath`, `pciID`.
    case v110 = "1.1.0"

    /// The newest one.
    public static let newest = CNIVersion.v110

    /// Older or newer, in the order of the cases.
    public static func < (left: CNIVersion, right: CNIVersion) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .v010: 0
        case .v020: 1
        case .v030: 2
        case .v031: 3
        case .v040: 4
        case .v100: 5
        case .v110: 6
        }
    }
}
