// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem

/// Why emulators can't be kept from the network.
public struct ConfinementError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, why it failed, and what to do.
    public let description: String

    init(_ operation: String, _ cause: String) { description = "cannot \(operation): \(cause)" }

    init(_ operation: String, errno: Int32, _ words: String = "") {
        let advice =
            switch errno {
            case EPERM, EACCES:
                "; this needs root with CAP_BPF and CAP_NET_ADMIN, and no lockdown that forbids it"
            case ENOSYS, EINVAL, ENODEV, EOPNOTSUPP:
                "; the kernel must be 5.2 or later, with CONFIG_CGROUP_BPF"
            default: ""
            }
        description =
            "cannot \(operation): \(errorText(errno))" + (words.isEmpty ? "" : " (\(words.prefix(200)))")
            + advice
    }
}
