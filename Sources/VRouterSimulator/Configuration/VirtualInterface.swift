// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A virtual machine interface as the controller configures it.
struct VirtualInterface: Sendable {
    struct Annotation: Equatable, Sendable {
        let key: Bytes
        let value: Bytes
    }

    let id: AgentUUID
    let machine: AgentUUID
    let network: AgentUUID
    /// Text as it is configured; may be empty.
    let mac: Bytes
    let v4: IPv4?
    let v6: IPv6?
    var vlanTag = 65535
    var parent: AgentUUID?
    var annotations: [Annotation] = []
    /// What /vm-cfg shows: one configuration event behind the truth.
    var showsParent = false
}
