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

extension ContrailPlugin {
    /// Undoes an ADD by the record, else by the plan, else by derived names.
    ///
    /// Idempotent; with a dead agent the port's deletion is owed and DEL succeeds.
    public func delete(_ request: CNIRequest) throws(CNIError) {
        let configuration = try ContrailConfiguration(request.configuration)
        try logged(request, configuration) { () throws(CNIError) in
            let deadline = monotonicMicroseconds() + configuration.overallLimit
            // One try of each request, no polling: what the agent does not take now is owed.
            let client = AgentClient(
                configuration.agent,
                requestLimit: configuration.requestLimit,
                deadline: deadline
            )
            let socket = try attaching { () throws(AttachmentError) in try openNetlink() }
            let removal = Removal(
                configuration: configuration,
                ports: Ports(agent: client, configuration: configuration),
                socket: socket,
                deadline: deadline
            )
            try delete(
                request.containerID,
                addedWith: request.interface,
                vmName: vmName(request, configuration),
                removal
            )
        }
    }

    /// What removing needs.
    struct Removal {
        let configuration: ContrailConfiguration
        let ports: Ports
        let socket: NetlinkSocket
        let deadline: Int64

        /// The agent and its files as they were at ADD: the folder of the port's own file counts, and where the
        /// configuration can't be read whole, the agent's address of then.
        func ports(of port: VRouterPort?) -> Ports {
            guard let port else { return ports }
            let files =
                port.kind == .vm
                ? AgentFiles(of: port.file, vmName: port.vmName, vmi: port.vmi)
                : AgentFiles(ofPort: port.file, vmi: port.vmi)
            var agent = ports.agent
            if !configuration.isWhole, port.agent != configuration.agent.text,
                let address = AgentAddress(port.agent)
            {
                agent = AgentClient(address, requestLimit: configuration.requestLimit, deadline: deadline)
            }
            return Ports(
                agent: agent,
                files: files ?? ports.files,
                owed: configuration.debts,
                runFolder: configuration.runFolder
            )
        }
    }

    /// Removes what the ADD of an interface's name made, under the lock of its VM.
    ///
    /// `vmName`: where the caller knows one; what was saved counts more.
    func delete(
        _ container: ContainerID,
        addedWith interface: InterfaceName,
        vmName: String?,
        _ removal: Removal
    ) throws(CNIError) {
        let configuration = removal.configuration
        var first = vmName
        if first == nil { first = try found(container, addedWith: interface, configuration).vmName }
        guard var name = first else {
            let key = InterfaceKey(containerID: container, interface: interface)
            return try removeObjects(nil, key, removal)
        }
        while true {
            let lock = try configuration.runFolder.locked(name, deadline: removal.deadline, isUndo: true)
            defer { lock.unlock() }
            let found = try found(container, addedWith: interface, configuration)
            guard let saved = found.vmName, saved != name else {
                return try delete(found, vmName: name, removal)
            }
            // What was saved counts, and its VM's lock.
            name = saved
        }
    }

    /// Deletes what was found, or what derived names lead to; the VM's lock is held.
    private func delete(_ found: Found, vmName: String, _ removal: Removal) throws(CNIError) {
        let configuration = removal.configuration
        let found = try completed(found, vmName: vmName, configuration)
        var isAgentAlive = true
        var failure: CNIError?
        for (place, interface) in found.interfaces.enumerated().reversed() {
            note(interface.saved)
            let ports = removal.ports(of: interface.saved?.port)
            var isDone = true
            for debt in try debts(of: interface.key, interface.saved, vmName: vmName, removal) {
                let isLast = place == 0 && found.isLast(of: debt.vm)
                do throws(CNIError) {
                    let isAlive = try files { () throws(SystemError) in
                        try ports.settle(debt, isLast: isLast)
                    }
                    isAgentAlive = isAlive && isAgentAlive
                } catch {
                    failure = failure ?? error
                    isDone = false
                }
            }
            try removeObjects(interface.saved, interface.key, removal)
            // What could not be noted as owed is known by the record alone.
            guard isDone else { continue }
            try files { () throws(SystemError) in try configuration.store.remove(interface.key) }
        }
        if let failure { throw failure }
        if found.interfaces.contains(where: { $0.saved == nil }) {
            try files { () throws(SystemError) in
                try configuration.agentFiles.removeUnreadable(vmName: vmName)
            }
        }
        if isAgentAlive { removal.ports.payAllDebts(of: vmName) }
    }

    /// Adds interfaces of which only the agent's files tell: those that the Go plugin made, of which it has removed all
    /// by the first DEL, and where one ADD makes all of a pod, ours.
    private func completed(
        _ found: Found,
        vmName: String,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> Found {
        guard let first = found.interfaces.first?.key, found.interfaces.contains(where: { $0.saved == nil })
        else { return found }
        let ports = try files { () throws(SystemError) in
            try configuration.agentFiles.ports(vmName: vmName, containerID: first.containerID.text)
        }
        var found = found
        var isForeign = false
        for port in ports {
            guard let name = InterfaceName(port.containerInterface) else { continue }
            let key = InterfaceKey(containerID: first.containerID, interface: name)
            let isOurs = port.hostInterface == Plan.deviceName(key)?.text
            if !isOurs { isForeign = true }
            guard !found.interfaces.contains(where: { $0.key.interface == name }),
                !isOurs || (found.others.isEmpty && !configuration.makesOne())
            else { continue }
            found.interfaces.append((key, nil))
        }
        if isForeign {
            // What the Go plugin keeps of the agent's answers under a meta plugin.
            let folder = Files.folder(of: configuration.configFolder)
            let name = configuration.metaPlugin
            if isIdentifier(name) {
                try files { () throws(SystemError) in try Files.remove("\(folder)/\(name)/\(vmName)") }
            }
        }
        return found
    }

    /// The VM's name that CNI_ARGS tell.
    private func vmName(_ request: CNIRequest, _ configuration: ContrailConfiguration) -> String? {
        guard request.argument("K8S_POD_NAME") != nil else { return nil }
        do throws(CNIError) {
            return try PodIdentity(request, cluster: configuration.clusterName).vmName
        } catch {
            // No ADD can have succeeded under such a name.
            return nil
        }
    }

    /// The ports to remove: the record's, or those that the agent's files name for this interface, or those that the
    /// agent itself has for its device.
    private func debts(
        of key: InterfaceKey,
        _ interface: PreparedInterface?,
        vmName: String,
        _ removal: Removal
    ) throws(CNIError) -> [OwedDeletion] {
        guard interface == nil else {
            return interface?.port.map { [OwedDeletion($0, of: key.containerID)] } ?? []
        }
        let ports = try files { () throws(SystemError) in
            try removal.configuration.agentFiles.ports(vmName: vmName, containerID: key.containerID.text)
        }
        var debts: [OwedDeletion] = []
        let isNested = removal.configuration.attaches == .macvlan
        for port in ports where port.containerInterface == key.interface.text {
            if isNested {
                // The Go plugin kept a file here, too; the agent was not told.
                try files { () throws(SystemError) in
                    try removal.configuration.agentFiles.remove(vmName: vmName, vmi: port.vmi)
                }
            } else {
                debts.append(
                    OwedDeletion(
                        vm: port.vm,
                        vmi: port.vmi,
                        vmName: vmName,
                        containerID: key.containerID.text,
                        systemName: port.hostInterface
                    )
                )
            }
            // Another plugin's: made before this one took its place on the node.
            guard port.hostInterface != Plan.deviceName(key)?.text,
                port.hostInterface.hasPrefix(isNested ? "vlan" : "tap"),
                let name = InterfaceName(port.hostInterface)
            else { continue }
            try attaching { () throws(AttachmentError) in
                try KernelObject.link(name: name, namespace: .host).remove(over: removal.socket)
            }
        }
        if debts.isEmpty, let device = Plan.deviceName(key) {
            for port in removal.ports.plugged(vmName: vmName, device: device) {
                // A port of POST /port is the agent's to keep, in a file of its own.
                let isPort = try files { () throws(SystemError) in
                    try removal.configuration.agentFiles.isHeld(port: port.vmi, systemName: device.text)
                }
                debts.append(
                    OwedDeletion(
                        kind: isPort ? .port : .vm,
                        vm: port.vm,
                        vmi: port.vmi,
                        vmName: vmName,
                        containerID: key.containerID.text,
                        systemName: device.text
                    )
                )
            }
        }
        return debts
    }

    /// Removes what was saved as made, or what bears the derived names.
    private func removeObjects(
        _ saved: PreparedInterface?,
        _ key: InterfaceKey,
        _ removal: Removal
    ) throws(CNIError) {
        var objects = saved?.allCreated ?? []
        if objects.isEmpty {
            var names = [Plan.deviceName(key), Plan.limiterName(key)]
            if removal.configuration.attaches == .macvlan { names.append(Plan.vlanName(key)) }
            for name in names {
                if let name { objects.append(.link(name: name, namespace: .host)) }
            }
            if let name = Plan.deviceName(key), removal.configuration.platform == .dpdk {
                let folder = removal.configuration.vhostUserFolder
                objects.append(.file(path: "\(folder)/uvh_vif_\(name.text)"))
                objects.append(.file(path: removal.configuration.featureFile(name.text)))
            }
        }
        let made = objects
        try attaching { () throws(AttachmentError) in try made.remove(over: removal.socket) }
    }
}
