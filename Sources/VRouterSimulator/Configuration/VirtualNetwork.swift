// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A virtual network with at most one subnet a family.
struct VirtualNetwork: Equatable, Sendable {
    /// A subnet and what the agent says of it.
    struct Addressing: Equatable, Sendable {
        let subnet: Subnet
        let gateway: Bytes
        let dns: Bytes
    }

    let id: AgentUUID
    /// Colon-joined fully qualified name.
    let name: String
    let v4: Addressing?
    let v6: Addressing?
    /// The domain that DHCP and DNS tell.
    let domain: String
    /// False while the agent has not learnt of the network.
    var isKnown = true

    /// The network's part of the fully qualified name.
    var shortName: String {
        String(name.split(separator: ":").last ?? "")
    }
}
