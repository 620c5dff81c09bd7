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

extension ContrailPlugin {
    /// Undoes an ADD by the record, else by the plan, else by derived names.
    ///
    /// Idempotent; with a dead agent the port's deletion is owed and DEL succeeds.
    public func delete(_ request: CNIRequest) throws(CNIError) {
        let configuration = try ContrailConfiguration(request.configuration)
        try logged(request, configuration) { () throws(CNIError) in try delete(request, configuration) }
    }

    private func delete(_ request: CNIRequest, _ configuration: ContrailConfiguration) throws(CNIError) {
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        let deadline = monotonicMicroseconds() + configuration.overallLimit
        let socket = try attaching { () throws(AttachmentError) in try openNetlink() }
        guard var vmName = try vmName(request, key, configuration) else {
            return try removeObjects([], key, over: socket)
        }
        while true {
            let lock = try files { () throws(SystemError) in
                try FileLock("\(configuration.runFolder)/locks/\(vmName)", deadline: deadline)
            }
            defer { lock.unlock() }
            let interface = try found(key, configuration)
            guard let saved = interface.map(Self.vmName), saved != vmName else {
                return try delete(
                    key,
                    interface,
                    vmName: vmName,
                    configuration,
                    deadline: deadline,
                    over: socket
                )
            }
            // What was saved counts, and its VM's lock.
            vmName = saved
        }
    }

    /// Deletes what was found, or what derived names lead to; the VM's lock is held.
    private func delete(
        _ key: InterfaceKey,
        _ interface: PreparedInterface?,
        vmName: String,
        _ configuration: ContrailConfiguration,
        deadline: Int64,
        over socket: NetlinkSocket
    ) throws(CNIError) {
        // One try of each request, no polling: what the agent does not take now is owed.
        let client = AgentClient(
            configuration.agent,
            requestLimit: configuration.requestLimit,
            deadline: deadline
        )
        let ports = Ports(agent: client, configuration: configuration)
        var isAgentAlive = true
        for debt in try debts(of: key, interface, vmName: vmName, configuration) {
            let isLast = try isLastPort(of: interface, configuration)
            isAgentAlive = try unplug(debt, isLast: isLast, ports, configuration) && isAgentAlive
        }
        try removeObjects(interface?.created ?? [], key, over: socket)
        try files { () throws(SystemError) in try configuration.store.remove(key) }
        if isAgentAlive { ports.payOthersDebts(ports.debts()) }
    }

    /// The VM's name, from CNI_ARGS or else from what was saved; nil where neither tells.
    private func vmName(
        _ request: CNIRequest,
        _ key: InterfaceKey,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> String? {
        if request.argument("K8S_POD_NAME") != nil {
            do throws(CNIError) {
                return try PodIdentity(request, cluster: configuration.clusterName).vmName
            } catch {
                // No ADD can have succeeded under such a name.
            }
        }
        return try found(key, configuration).map(Self.vmName)
    }

    private static func vmName(_ interface: PreparedInterface) -> String {
        interface.port?.vmName ?? PodIdentity.vmName(interface.pod)
    }

    /// The record, else the plan.
    ///
    /// One that can't be read is as good as none: derived names remain.
    private func found(
        _ key: InterfaceKey,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> PreparedInterface? {
        do throws(InterfaceStore.Failure) {
            if let record = try configuration.store.load(key, .record) { return record }
            return try configuration.store.load(key, .plan)
        } catch {
            guard case .unreadable = error else { throw CNIError(.io, error.message) }
            return nil
        }
    }

    /// The ports to remove: the record's, or those that the agent's files name for this container.
    private func debts(
        of key: InterfaceKey,
        _ interface: PreparedInterface?,
        vmName: String,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> [OwedDeletion] {
        if let port = interface?.port {
            return [
                OwedDeletion(
                    vm: port.vm,
                    vmi: port.vmi,
                    vmName: port.vmName,
                    containerID: key.containerID.text,
                    systemName: port.systemName
                )
            ]
        }
        guard interface == nil, let device = Plan.deviceName(key) else { return [] }
        let ports = try files { () throws(SystemError) in
            try configuration.agentFiles.ports(vmName: vmName, containerID: key.containerID.text)
        }
        return ports.map { port in
            OwedDeletion(
                vm: port.vm,
                vmi: port.vmi,
                vmName: vmName,
                containerID: key.containerID.text,
                systemName: device.text
            )
        }
    }

    /// Removes a port and its file, or owes it.
    ///
    /// - Returns: Whether the agent is alive.
    private func unplug(
        _ debt: OwedDeletion,
        isLast: Bool,
        _ ports: Ports,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> Bool {
        var isAlive = true
        do throws(AgentError) {
            try ports.remove(debt, isLast: isLast)
        } catch {
            isAlive = !error.isAgentDown
            try files { () throws(SystemError) in try configuration.debts.add(debt) }
        }
        try files { () throws(SystemError) in
            let agentFiles = configuration.agentFiles
            switch try agentFiles.holder(vmName: debt.vmName, vmi: debt.vmi, of: debt.containerID) {
            case .container: try agentFiles.remove(vmName: debt.vmName, vmi: debt.vmi)
            case .nobody, .another: try agentFiles.removeFolderIfEmpty(vmName: debt.vmName)
            }
        }
        return isAlive
    }

    private func removeObjects(
        _ objects: [KernelObject],
        _ key: InterfaceKey,
        over socket: NetlinkSocket
    ) throws(CNIError) {
        var objects = objects
        if objects.isEmpty, let device = Plan.deviceName(key) {
            objects = [.link(name: device, namespace: .host)]
        }
        for object in objects.reversed() {
            try attaching { () throws(AttachmentError) in try object.remove(over: socket) }
        }
    }
}
