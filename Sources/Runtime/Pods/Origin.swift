// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// At whose socket a pod was made.
///
/// kubelet ends any pod that it finds on the node and not among its sources, so that it must not see an operator's.
public enum Origin: String, Hashable, Sendable, CaseIterable {
    /// kubelet's, or that of another client of its socket.
    case kubelet
    /// The operator's.
    case `operator`
}
