// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A virtual machine: a pod.
struct VirtualMachine: Sendable {
    let id: AgentUUID
    /// `<cluster>__<namespace>__<pod>`.
    let name: Bytes
    /// In the order of their bytes.
    var interfaces: [AgentUUID] = []
}
