// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What the agent tells the data plane.
enum AgentEvent: Sendable {
    /// A port is plugged and its configuration known.
    case attach(PortPlan)
    case detach(AgentUUID)
}

/// A port as the data plane needs it.
struct PortPlan: Equatable, Sendable {
    let interface: AgentUUID
    let device: String
    let network: VirtualNetwork
    let mac: AgentMAC
    let v4: IPv4?
    let v6: IPv6?
    /// For DHCP: the pod's name.
    let hostName: String
}
