// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An interface that the agent made for a port.
struct OperationalInterface: Sendable {
    let id: AgentUUID
    /// The name that came first; later ones change nothing.
    let device: Bytes
    /// From POST /port only.
    var project = AgentUUID.zero
    var mac: AgentMAC?
    var v4 = IPv4.zero
    var v6 = IPv6.zero
    var vhostUserMode: UInt8 = 0
    /// A vhost-user port of a DPDK node: there is no device to attach.
    var isUserspace = false
}
