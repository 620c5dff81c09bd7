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
    /// Observe, plan, apply, describe.
    ///
    /// Each effect pushes its undo first; the record is saved last.
    public func add(_ request: CNIRequest) throws(CNIError) -> CNIResult {
        let configuration = try ContrailConfiguration(request.configuration)
        return try logged(request, configuration) { () throws(CNIError) in try add(request, configuration) }
    }

    private func add(
        _ request: CNIRequest,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> CNIResult {
        let deadline = monotonicMicroseconds() + configuration.overallLimit
        let pod = try PodIdentity(request, cluster: configuration.clusterName)
        let vm = try VMInterfaceRequest.find(request, runFolder: configuration.runFolder)
        let client = AgentClient(
            configuration.agent,
            requestLimit: configuration.requestLimit,
            deadline: deadline
        )
        let lock = try files { () throws(SystemError) in
            try FileLock("\(configuration.runFolder)/locks/\(pod.vmName)", deadline: deadline)
        }
        defer { lock.unlock() }
        let ports = Ports(agent: client, configuration: configuration)
        let socket = try attaching { () throws(AttachmentError) in try openNetlink() }
        try clearUnfinished(request, configuration, over: socket)
        let assignment = try choose(request, pod, client)
        let mtu = try self.mtu(configuration, over: socket)

        guard let path = request.namespace else {
            throw CNIError(.invalidEnvironment, "missing in the environment: CNI_NETNS")
        }
        let namespace: PodNamespace
        do throws(AttachmentError) { namespace = try PodNamespace(path) } catch { throw CNIError(error) }
        let facts = Plan.Facts(
            bootID: BootID(try files { () throws(SystemError) in try Host.bootID() }),
            mtu: mtu,
            namespace: namespace.reference
        )
        let plan = try Plan(
            request,
            pod: pod,
            assignment: assignment,
            vm: vm,
            facts: facts,
            configuration: configuration
        )

        var rollback = Rollback()
        do throws(CNIError) {
            let othersDebts = try agent { () throws(AgentError) in try ports.payDebts(of: pod.vmName) }
            let interface = try apply(
                plan,
                in: namespace,
                over: socket,
                ports: ports,
                configuration: configuration,
                &rollback
            )
            ports.payOthersDebts(othersDebts)
            return interface.result(version: request.configuration.version)
        } catch {
            let failures = rollback.unwind()
            guard !failures.isEmpty else { throw error }
            throw CNIError(
                error.code,
                error.message,
                details: "and of what was done, this could not be undone: \(failures.joined(separator: "; "))"
            )
        }
    }

    /// An ADD that was killed left a plan: what it made is removed.
    ///
    /// A finished one is not repeated.
    private func clearUnfinished(
        _ request: CNIRequest,
        _ configuration: ContrailConfiguration,
        over socket: NetlinkSocket
    ) throws(CNIError) {
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        let store = configuration.store
        if try loaded(store, key, .record) != nil {
            throw CNIError(
                .internal,
                "container \(key.containerID.text) has interface \(key.interface.text) already; run DEL before another ADD"
            )
        }
        guard let plan = try loaded(store, key, .plan) else { return }
        for object in plan.created.reversed() {
            try attaching { () throws(AttachmentError) in try object.remove(over: socket) }
        }
        try files { () throws(SystemError) in try store.remove(key) }
    }

    /// Waits until the agent's configuration has all of the pod's interfaces, and picks the one asked for.
    private func choose(
        _ request: CNIRequest,
        _ pod: PodIdentity,
        _ client: AgentClient
    ) throws(CNIError) -> PortAssignment {
        var name = pod.vmName
        let assignments = try agent { () throws(AgentError) in
            try client.poll("GET /vm-cfg/\(name)") { client throws(AgentError) -> [PortAssignment]? in
                do throws(AgentError) {
                    let list = try client.assignments(of: name)
                    return AssignmentChoice.isComplete(list) ? list : nil
                } catch {
                    // Agents before 2020 know pods by UUID only.
                    guard case .unknownRequest = error.cause, let uid = pod.reference.uid, name != uid else {
                        throw error
                    }
                    name = uid
                    return nil
                }
            }
        }
        return try AssignmentChoice.choose(
            assignments,
            network: request.configuration.name,
            interface: request.interface.text
        )
    }

    private func mtu(
        _ configuration: ContrailConfiguration,
        over socket: NetlinkSocket
    ) throws(CNIError) -> Int {
        switch configuration.mtu {
        case .fixed(let mtu): return mtu
        case .auto:
            guard let name = InterfaceName("vhost0"),
                let vhost = try attaching({ () throws(AttachmentError) in try findLink(name, over: socket) })
            else {
                throw CNIError(
                    .invalidConfiguration,
                    "contrail.mtu is \"auto\", but this node has no vhost0; give a number"
                )
            }
            return vhost.mtu - ContrailPlugin.tunnelOverhead
        }
    }

    private func apply(
        _ plan: Plan,
        in namespace: borrowing PodNamespace,
        over socket: NetlinkSocket,
        ports: Ports,
        configuration: ContrailConfiguration,
        _ rollback: inout Rollback
    ) throws(CNIError) -> PreparedInterface {
        let store = configuration.store
        var interface = plan.interface
        let key = interface.key

        rollback.push { fileFailure { () throws(SystemError) in try store.remove(key) } }
        try files { () throws(SystemError) in try store.save(plan: interface) }

        try makeDevice(plan, in: namespace, over: socket)
        rollback.push {
            deviceFailure { () throws(AttachmentError) in
                for object in plan.interface.created.reversed() { try object.remove(over: socket) }
            }
        }
        let registration = plan.registration
        rollback.push {
            fileFailure { () throws(SystemError) in
                try configuration.agentFiles.remove(vmName: registration.vmName, vmi: registration.vmi)
            }
        }
        try files { () throws(SystemError) in try configuration.agentFiles.save(registration) }

        let isAlone = try isLastPort(of: interface, configuration)
        rollback.push { ports.undo(plan, isLast: isAlone) }
        let state = try plug(plan, ports: ports, configuration: configuration)
        try interface.guest.apply(state, index: interface.index, v6PrefixLength: configuration.v6PrefixLength)
        if case .veth = interface.attachment {
            do throws(AttachmentError) {
                try VethPair.configure(key.interface, in: namespace, interface.guest)
            } catch {
                throw CNIError(error)
            }
        }
        let record = interface
        try files { () throws(SystemError) in try store.save(record: record) }
        return interface
    }

    private func makeDevice(
        _ plan: Plan,
        in namespace: borrowing PodNamespace,
        over socket: NetlinkSocket
    ) throws(CNIError) {
        let guest = plan.interface.guest
        do throws(AttachmentError) {
            switch plan.interface.attachment {
            case .veth:
                try VethPair.make(
                    host: plan.device,
                    pod: plan.interface.key.interface,
                    in: namespace,
                    mac: guest.mac,
                    mtu: guest.mtu,
                    over: socket
                )
            case .tap(let tap): try DirectTap.make(tap, mtu: guest.mtu, over: socket)
            }
        } catch {
            throw CNIError(error)
        }
    }

    /// Registers the port and waits until the agent has its addresses.
    ///
    /// A port that another sandbox of the pod left is removed first: the agent ignores a changed device in
    /// a second POST.
    private func plug(
        _ plan: Plan,
        ports: Ports,
        configuration: ContrailConfiguration
    ) throws(CNIError) -> PortState {
        let registration = plan.registration
        return try agent { () throws(AgentError) in
            var isRegistered = false
            return try ports.agent.poll("GET /vm/\(registration.vm.text)/\(registration.vmi.text)") {
                client throws(AgentError) -> PortState? in
                if !isRegistered {
                    try client.register(registration)
                    isRegistered = true
                }
                let state = try client.state(vm: registration.vm, vmi: registration.vmi)
                if state.systemName == registration.hostInterface.text { return state }
                try client.remove(vm: registration.vm)
                isRegistered = false
                return nil
            }
        }
    }
}
