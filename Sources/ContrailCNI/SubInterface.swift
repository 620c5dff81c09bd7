// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CNIProtocol
import LinuxSystem
import Netlink
import NetworkTypes
import PluginFloor
import PreparedInterface
import VRouter

/// What only interfaces with a VLAN tag need: something that carries it, and a tag that nobody else has.
extension ContrailPlugin {
    /// What carries an interface's VLAN; nil for one that is none.
    ///
    /// The agent does not tell whose sub-interface it is. On a nested node it is the node's; else the pod's first
    /// interface without a tag, or the one that the configuration names.
    func carrier(
        of assignment: PortAssignment,
        among all: [PortAssignment],
        _ container: ContainerID,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> Plan.Carrier? {
        if configuration.attaches == .macvlan, let parent = configuration.parentInterface {
            return .node(parent)
        }
        guard let tag = assignment.vlan else { return nil }
        let subject = "virtual machine interface \(assignment.vmi.text) is VLAN \(tag) of another one"
        let wanted = AssignmentChoice.carrier(of: all)
        guard wanted != nil || configuration.parentInterface != nil else {
            throw CNIError(
                .invalidConfiguration,
                "\(subject), but all of the pod have a tag; on a node that itself is a VM of this network, contrail.vif-type must be \"macvlan\""
            )
        }
        let store = configuration.store
        for name in try files({ () throws(SystemError) in try store.interfaces(of: container) }) {
            let key = InterfaceKey(containerID: container, interface: name)
            guard let port = try store.required(key, .record)?.port else { continue }
            let isWanted = configuration.parentInterface.map { $0 == name } ?? (port.vmi == wanted?.vmi)
            if isWanted { return .pod(name) }
        }
        let name = configuration.parentInterface?.text ?? wanted?.vmi.text ?? ""
        throw CNIError(
            .tryAgainLater,
            "\(subject), but the pod has no interface \(name) yet; ADD must be called for that one first"
        )
    }

    /// The MTU of a nested node's pods: at most that of the node's interface.
    func nestedMTU(
        _ configuration: ContrailConfiguration,
        over socket: NetlinkSocket
    ) throws(CNIError) -> Int {
        guard let name = configuration.parentInterface,
            let parent = try attaching({ () throws(AttachmentError) in try findLink(name, over: socket) })
        else {
            throw CNIError(
                .invalidConfiguration,
                "this node has no interface \(configuration.parentInterface?.text ?? ""); name the one that is on the OpenContrail network in contrail.parent-interface"
            )
        }
        guard parent.isUp else {
            throw CNIError(
                .tryAgainLater,
                "the node's interface \(name.text) is down: it carries the pods' VLANs"
            )
        }
        guard case .fixed(let mtu) = configuration.mtu else { return parent.mtu }
        guard mtu <= parent.mtu else {
            throw CNIError(
                .invalidConfiguration,
                "contrail.mtu is \(mtu), but the node's interface \(name.text) has \(parent.mtu); give no more, or \"auto\""
            )
        }
        return mtu
    }

    /// A device on the node that has the tag of an interface to be made, and may be removed for it.
    ///
    /// Its owner is an older sandbox of the same pod, or an ADD of the same container that was killed.
    ///
    /// - Throws: Code 11 where another pod has the tag: its DEL may be late. 999 where the device is not ours, or
    ///   the pod has an interface of the name.
    func obstacle(
        to interface: PreparedInterface,
        in namespace: borrowing PodNamespace,
        over socket: NetlinkSocket,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> InterfaceName? {
        let name = interface.key.interface
        if case .vlan(let vlan) = interface.attachment, vlan.namespace != nil {
            // Its undo is by this name: what another made must not be hit.
            let taken: Link?
            do throws(AttachmentError) {
                taken = try findLink(name, over: namespace.openNetlink())
            } catch {
                throw CNIError(error)
            }
            guard taken == nil else {
                throw CNIError(
                    .internal,
                    "the pod has an interface \(name.text) already, made by somebody else"
                )
            }
        }
        guard case .macvlan(let macvlan) = interface.attachment else { return nil }
        let holder = try attaching { () throws(AttachmentError) in
            guard let parent = try findLink(macvlan.parent, over: socket) else {
                return nil as InterfaceName?
            }
            return try NestedMacvlan.holder(of: macvlan.tag, on: parent, over: socket)
        }
        guard let holder, holder != macvlan.host else { return nil }
        let subject = "VLAN \(macvlan.tag) of \(macvlan.parent.text) is taken by \(holder.text)"
        guard let owner = try owner(of: holder, configuration) else {
            throw CNIError(
                .internal,
                "\(subject), which this plugin did not make; whose is it? It must be removed before the pod can start"
            )
        }
        if let saved = owner.saved {
            let isOurPod = saved.vmi == interface.vmi && saved.pod.isSamePlace(as: interface.pod)
            let isOurRest = owner.key.containerID == interface.key.containerID && !owner.isFinished
            if isOurPod || isOurRest { return holder }
        }
        let pod = owner.saved.map { " of pod \($0.pod.namespace)/\($0.pod.name)" } ?? ""
        throw CNIError(
            .tryAgainLater,
            "\(subject), interface \(owner.key.interface.text) of container \(owner.key.containerID.text)\(pod)",
            details:
                "its DEL may be late; else two virtual machine interfaces have the same tag under one parent"
        )
    }

    /// Whose VLAN device it is, by what is saved; nil for nobody's.
    private func owner(
        of device: InterfaceName,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> (key: InterfaceKey, saved: PreparedInterface?, isFinished: Bool)? {
        let store = configuration.store
        for container in try files({ () throws(SystemError) in try store.containers() }) {
            for name in try files({ () throws(SystemError) in try store.interfaces(of: container) }) {
                let key = InterfaceKey(containerID: container, interface: name)
                guard Plan.vlanName(key) == device else { continue }
                do throws(InterfaceStore.Failure) {
                    if let record = try store.load(key, .record) { return (key, record, true) }
                    return (key, try store.load(key, .plan), false)
                } catch {
                    // Whose it is can't be known, but it is some container's.
                    return (key, nil, true)
                }
            }
        }
        return nil
    }
}

extension PodReference {
    /// Whether it is the pod of the same name: the one whose lock is held.
    fileprivate func isSamePlace(as other: PodReference) -> Bool {
        cluster == other.cluster && namespace == other.namespace && name == other.name
    }
}
