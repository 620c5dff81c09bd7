// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import LinuxSystem
import Netlink
import NetworkTypes
import OwedDeletions
import PreparedInterface
import VRouter

/// The CNI plugin of an OpenContrail network: veth for containers, a direct tap for VMs.
public final class ContrailPlugin: CNIPlugin {
    /// The name under which it was run: `contrail-cni` or `contrail-k8s-cni`.
    public let name: String

    /// What a tunnel adds to a packet: outer Ethernet 14, IPv4 20, UDP 8, VXLAN 8 bytes; MPLS over UDP
    /// adds less.
    static let tunnelOverhead = 50

    /// The plugin under a name.
    public init(name: String) { self.name = name }

    /// Throws code 50 where the agent can't be reached.
    public func status(_ configuration: CNIConfiguration) throws(CNIError) {
        let contrail = try ContrailConfiguration(configuration)
        let client = AgentClient(
            contrail.agent,
            requestLimit: contrail.requestLimit,
            deadline: monotonicMicroseconds() + contrail.requestLimit
        )
        do throws(AgentError) {
            // A name that no pod can have: the agent's 404 proves that it serves.
            _ = try client.assignments(of: "_")
        } catch {
            guard error.isAgentDown else { return }
            throw CNIError(.notAvailable, error.message)
        }
    }
}

extension ContrailPlugin {
    func openNetlink() throws(AttachmentError) -> NetlinkSocket {
        do throws(NetlinkError) { return try NetlinkSocket() } catch { throw .netlink(error) }
    }

    func findLink(_ name: InterfaceName, over socket: NetlinkSocket) throws(AttachmentError) -> Link? {
        do throws(NetlinkError) { return try socket.link(name) } catch { throw .netlink(error) }
    }

    func loaded(
        _ store: InterfaceStore,
        _ key: InterfaceKey,
        _ stage: InterfaceStore.Stage
    ) throws(CNIError) -> PreparedInterface? {
        do throws(InterfaceStore.Failure) {
            return try store.load(key, stage)
        } catch {
            throw CNIError(.io, "\(error.message); remove it with DEL")
        }
    }

    /// Whether no other interface of the container is a port of the same VM.
    func isLastPort(
        of interface: PreparedInterface?,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> Bool {
        guard let interface else { return true }
        let store = configuration.store
        let container = interface.key.containerID
        let names = try files { () throws(SystemError) in try store.interfaces(of: container) }
        for name in names where name != interface.key.interface {
            let key = InterfaceKey(containerID: container, interface: name)
            if let other = try loaded(store, key, .record), other.port?.vm == interface.port?.vm {
                return false
            }
        }
        return true
    }
}

extension Ports {
    /// The undo of a registration: removed at once, or owed.
    func undo(_ plan: Plan, isLast: Bool) -> String? {
        let registration = plan.registration
        let debt = OwedDeletion(
            vm: registration.vm,
            vmi: registration.vmi,
            vmName: registration.vmName,
            containerID: registration.containerID,
            systemName: registration.hostInterface.text
        )
        do throws(AgentError) {
            try remove(debt, isLast: isLast)
            return nil
        } catch {
            return fileFailure { () throws(SystemError) in try configuration.debts.add(debt) }
        }
    }
}

/// What went wrong in an undo, as a text for the error that caused it.
func fileFailure(_ body: () throws(SystemError) -> Void) -> String? {
    do throws(SystemError) { try body() } catch { return error.message }
    return nil
}

func deviceFailure(_ body: () throws(AttachmentError) -> Void) -> String? {
    do throws(AttachmentError) { try body() } catch { return error.message }
    return nil
}
