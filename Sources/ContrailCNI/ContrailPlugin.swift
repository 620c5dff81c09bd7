// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import LinuxSystem
import Netlink
import NetworkTypes
import OwedDeletions
import PluginFloor
import PreparedInterface
import VRouter

/// The CNI plugin of an OpenContrail network: veth for containers, a direct tap for VMs.
public final class ContrailPlugin: CNIPlugin {
    /// The name under which it was run: `contrail-cni` or `contrail-k8s-cni`.
    public let name: String

    /// What a tunnel adds to a packet: outer Ethernet 14, IPv4 20, UDP 8, VXLAN 8 bytes; MPLS over UDP
    /// adds less.
    static let tunnelOverhead = 50

    /// The agent's names of the interfaces that the command is about, for the log.
    private(set) var vmis: [UUID] = []

    /// The plugin under a name.
    public init(name: String) { self.name = name }

    /// Has the log name an interface as the agent does.
    func note(_ interface: PreparedInterface?) {
        if let vmi = interface?.vmi, !vmis.contains(vmi) { vmis.append(vmi) }
    }

    /// Throws code 50 where the agent can't be reached, and 51 where it has no control node: pods get their
    /// interfaces then as far as the agent knows them already.
    public func status(_ configuration: CNIConfiguration) throws(CNIError) {
        let contrail = try ContrailConfiguration(configuration)
        func client(port: UInt16) -> AgentClient {
            AgentClient(
                AgentAddress(ip: contrail.agent.ip, port: port),
                requestLimit: contrail.requestLimit,
                deadline: monotonicMicroseconds() + contrail.requestLimit
            )
        }
        do throws(AgentError) {
            // A name that no pod can have: the agent's 404 proves that it serves.
            _ = try client(port: contrail.agent.port).assignments(of: "_")
        } catch {
            if error.isAgentDown { throw CNIError(.notAvailable, error.message) }
        }
        guard let port = contrail.introspectPort else { return }
        do throws(AgentError) {
            if try client(port: port).hasControlConnection() { return }
        } catch {
            throw CNIError(
                .limitedConnectivity,
                "the agent's introspect server can't be asked: \(error.message)"
            )
        }
        throw CNIError(
            .limitedConnectivity,
            "the vRouter agent has no connection to a control node: new pods may get no addresses, and routes may be old"
        )
    }
}

extension ContrailPlugin {
    func openNetlink() throws(AttachmentError) -> NetlinkSocket {
        do throws(NetlinkError) { return try NetlinkSocket() } catch { throw .netlink(error) }
    }

    func findLink(_ name: InterfaceName, over socket: NetlinkSocket) throws(AttachmentError) -> Link? {
        do throws(NetlinkError) { return try socket.link(name) } catch { throw .netlink(error) }
    }
}

extension Ports {
    init(agent: AgentClient, configuration: ContrailConfiguration) {
        self.init(
            agent: agent,
            files: configuration.agentFiles,
            owed: configuration.debts,
            runFolder: configuration.runFolder
        )
    }
}
