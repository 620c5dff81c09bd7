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
        let options = try InterfaceOptions(request)
        let vm = try VMInterfaceRequest.find(request, runFolder: configuration.runFolder)
        let client = AgentClient(
            configuration.agent,
            requestLimit: configuration.requestLimit,
            deadline: deadline
        )
        let lock = try configuration.runFolder.locked(pod.vmName, deadline: deadline)
        defer { lock.unlock() }
        let ports = Ports(agent: client, configuration: configuration)
        let socket = try attaching { () throws(AttachmentError) in try openNetlink() }
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        try clearUnfinished(key, configuration, over: socket)
        let found = try found(request.containerID, addedWith: request.interface, configuration)
        let (assignments, all) = try choose(
            request,
            options,
            taken: found.taken,
            pod,
            client,
            configuration
        )
        let mtu = try self.mtu(configuration, over: socket)

        guard let path = request.namespace else {
            throw CNIError(.invalidEnvironment, "missing in the environment: CNI_NETNS")
        }
        let namespace: PodNamespace
        do throws(AttachmentError) { namespace = try PodNamespace(path) } catch { throw CNIError(error) }
        let facts = Plan.Facts(
            bootID: BootID(try files { () throws(SystemError) in try Host.bootID() }),
            mtu: mtu,
            namespace: namespace.reference,
            hasDeviceInfo: try DeviceInfo.isPresent(options.deviceInfoFile)
        )

        var rollback = Rollback()
        do throws(CNIError) {
            let othersDebts = try agent { () throws(AgentError) in try ports.payDebts(of: pod.vmName) }
            var result = CNIResult(version: request.configuration.version)
            for (interface, assignment) in try named(assignments, request, configuration) {
                if interface != request.interface {
                    let key = InterfaceKey(containerID: request.containerID, interface: interface)
                    try clearUnfinished(key, configuration, over: socket)
                }
                let plan = try Plan(
                    request,
                    interface: interface,
                    options: options,
                    pod: pod,
                    assignment: assignment,
                    carrier: try carrier(of: assignment, among: all, key.containerID, configuration),
                    vm: vm,
                    facts: facts,
                    configuration: configuration
                )
                note(plan.interface)
                // A first port of this call that is undone takes the later ones along.
                let isAlone = interface == request.interface && found.isLast(of: assignment.vm)
                let prepared = try apply(
                    plan,
                    options,
                    isAlone: isAlone,
                    in: namespace,
                    over: socket,
                    ports: ports,
                    configuration: configuration,
                    &rollback
                )
                if interface == request.interface { result.setDNS(prepared.guest.dns) }
                prepared.append(to: &result)
            }
            ports.payOthersDebts(othersDebts)
            return result
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
        _ key: InterfaceKey,
        _ configuration: ContrailConfiguration,
        over socket: NetlinkSocket
    ) throws(CNIError) {
        let store = configuration.store
        if try store.required(key, .record) != nil {
            throw CNIError(
                .internal,
                "container \(key.containerID.text) has interface \(key.interface.text) already; run DEL before another ADD"
            )
        }
        guard let plan = try store.required(key, .plan) else { return }
        try attaching { () throws(AttachmentError) in try plan.created.remove(over: socket) }
        try files { () throws(SystemError) in try store.remove(key) }
    }

    /// Waits until the agent's configuration has all of the pod's interfaces, and picks those asked for, in
    /// the order of their indices, sub-interfaces last.
    ///
    /// - Returns: Those picked, and all.
    private func choose(
        _ request: CNIRequest,
        _ options: InterfaceOptions,
        taken: [UUID],
        _ pod: PodIdentity,
        _ client: AgentClient,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> (picked: [PortAssignment], all: [PortAssignment]) {
        let wishes = AssignmentChoice.Wishes(
            interface: request.interface.text,
            configurationName: request.configuration.name,
            network: options.network ?? configuration.network,
            vmi: options.vmi,
            mac: options.mac,
            taken: taken
        )
        var name = pod.vmName
        var refusal: CNIError?
        var all: [PortAssignment] = []
        do throws(AgentError) {
            let chosen = try client.poll("GET /vm-cfg/\(name)") {
                client throws(AgentError) -> [PortAssignment]? in
                let list: [PortAssignment]
                do throws(AgentError) {
                    list = try client.assignments(of: name)
                } catch {
                    // Agents before 2020 know pods by UUID only.
                    guard case .unknownRequest = error.cause, let uid = pod.reference.uid, name != uid else {
                        throw error
                    }
                    name = uid
                    return nil
                }
                guard AssignmentChoice.isComplete(list), options.vmi != nil || Self.isOfPod(list, pod) else {
                    return nil
                }
                all = list
                if self.makesAll(list, wishes, configuration) { return AssignmentChoice.inOrder(list) }
                do throws(CNIError) {
                    refusal = nil
                    return [try AssignmentChoice.choose(list, wishes)]
                } catch {
                    refusal = error
                    // What the user has named may still be on its way; anything else will not change.
                    return wishes.isExplicit ? nil : []
                }
            }
            if !chosen.isEmpty { return (chosen, all) }
        } catch {
            throw refusal ?? Self.explained(error, pod)
        }
        throw refusal ?? CNIError(.internal, "no assignment was chosen")
    }

    /// Whether the ADD is for all of a pod's interfaces.
    ///
    /// The caller is looked at only where that can matter: for one of one, and for one that the user names, it does not.
    private func makesAll(
        _ assignments: [PortAssignment],
        _ wishes: AssignmentChoice.Wishes,
        _ configuration: ContrailConfiguration
    ) -> Bool {
        if let scope = configuration.scope { return scope == .all }
        return assignments.count > 1 && !wishes.isExplicit && !configuration.makesOne()
    }

    /// The agent's error; a name that it does not know can be one that it has forgotten.
    private static func explained(_ error: AgentError, _ pod: PodIdentity) -> CNIError {
        guard case .notYet = error.cause else { return CNIError(error) }
        return CNIError(
            .tryAgainLater,
            error.message,
            details:
                "the agent does not know \(pod.vmName) with all its interfaces: kube-manager has not made them yet, a network is missing, the virtual machine is not linked to this node's vRouter, or the agent forgot the name when an older pod of the same name ended, until the virtual machine is added again"
        )
    }

    /// Whether the agent speaks of this pod and not of an older one of the same name.
    private static func isOfPod(_ assignments: [PortAssignment], _ pod: PodIdentity) -> Bool {
        guard let uid = pod.reference.uid.flatMap({ UUID($0) }) else { return true }
        return assignments.allSatisfy { $0.vm == uid }
    }

    /// Each assignment with the name of its interface in the pod: CNI_IFNAME for the first, and for further
    /// ones the name that the user asked for, else `eth<index>`.
    private func named(
        _ assignments: [PortAssignment],
        _ request: CNIRequest,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> [(InterfaceName, PortAssignment)] {
        var named: [(InterfaceName, PortAssignment)] = []
        for (place, assignment) in assignments.enumerated() {
            let text = assignment.interface ?? "eth\(assignment.index?.place ?? place)"
            guard let name = place == 0 ? request.interface : InterfaceName(text) else {
                throw CNIError(
                    .invalidConfiguration,
                    "the pod asks for an interface named \"\(text)\"; a name has 1 to 15 bytes without '/', ':', '%' and white space"
                )
            }
            if named.contains(where: { $0.0 == name }) {
                throw CNIError(.invalidConfiguration, "two interfaces of the pod would be named \(name.text)")
            }
            named.append((name, assignment))
        }
        return named
    }

    private func mtu(
        _ configuration: ContrailConfiguration,
        over socket: NetlinkSocket
    ) throws(CNIError) -> Int {
        if configuration.attaches == .macvlan { return try nestedMTU(configuration, over: socket) }
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
        _ options: InterfaceOptions,
        isAlone: Bool,
        in namespace: borrowing PodNamespace,
        over socket: NetlinkSocket,
        ports: Ports,
        configuration: ContrailConfiguration,
        _ rollback: inout Rollback
    ) throws(CNIError) -> PreparedInterface {
        let store = configuration.store
        var interface = plan.interface
        let key = interface.key

        let obstacle = try obstacle(to: interface, in: namespace, over: socket, configuration)
        rollback.push { fileFailure { () throws(SystemError) in try store.remove(key) } }
        try files { () throws(SystemError) in try store.save(plan: interface) }

        rollback.push {
            deviceFailure { () throws(AttachmentError) in try plan.interface.created.remove(over: socket) }
        }
        if let obstacle {
            try attaching { () throws(AttachmentError) in try NestedMacvlan.remove(obstacle, over: socket) }
        }
        try makeDevice(plan, in: namespace, over: socket)
        if case .vm(let registration) = plan.registration {
            rollback.push {
                fileFailure { () throws(SystemError) in
                    try configuration.agentFiles.remove(vmName: registration.vmName, vmi: registration.vmi)
                }
            }
            try files { () throws(SystemError) in try configuration.agentFiles.save(registration) }
        }

        if let port = interface.port {
            rollback.push { ports.undo(port, of: key.containerID, isLast: isAlone) }
        }
        let state = try plug(plan, options, ports: ports)
        try interface.guest.apply(state, index: interface.index, v6PrefixLength: configuration.v6PrefixLength)
        if let dns = options.dns { interface.guest.dns = dns }
        if interface.attachment.podNamespace != nil {
            do throws(AttachmentError) {
                try PodInterface.configure(key.interface, in: namespace, interface.guest)
            } catch {
                throw CNIError(error)
            }
        }
        try DeviceInfo.save(interface, options.deviceInfoFile)
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
            // The VM monitor makes the socket.
            case .vhostUser: break
            case .vlan(let vlan):
                // A VM's guest makes its own.
                guard vlan.namespace != nil else { break }
                try VLANDevice.make(
                    plan.interface.key.interface,
                    vlan,
                    in: namespace,
                    mac: guest.mac,
                    mtu: guest.mtu
                )
            case .macvlan(let macvlan):
                try NestedMacvlan.make(
                    macvlan,
                    pod: plan.interface.key.interface,
                    in: namespace,
                    mac: guest.mac,
                    mtu: guest.mtu,
                    over: socket
                )
            }
            if let bandwidth = plan.interface.bandwidth, let limiter = Plan.limiterName(plan.interface.key) {
                try TrafficLimit.make(bandwidth, on: plan.device, through: limiter, over: socket)
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
        _ options: InterfaceOptions,
        ports: Ports
    ) throws(CNIError) -> PortState {
        guard let port = plan.interface.port else {
            return try awaitSubInterface(plan, options, ports: ports)
        }
        let path = port.kind == .vm ? "/vm/\(port.vm.text)/\(port.vmi.text)" : "/port/\(port.vmi.text)"
        var others: PortState?
        do throws(AgentError) {
            var isRegistered = false
            return try ports.agent.poll("GET \(path)") { _ throws(AgentError) -> PortState? in
                if !isRegistered {
                    try ports.register(plan.registration)
                    isRegistered = true
                }
                let state = try ports.state(of: port)
                guard state.systemName == port.systemName else {
                    try ports.replace(port, containerID: plan.interface.key.containerID.text)
                    isRegistered = false
                    return nil
                }
                others = state
                return options.areMet(by: state) ? state : nil
            }
        } catch {
            throw unmet(others, error, plan, options)
        }
    }

    /// Waits until the agent has the addresses of a sub-interface, which it makes without being told.
    private func awaitSubInterface(
        _ plan: Plan,
        _ options: InterfaceOptions,
        ports: Ports
    ) throws(CNIError) -> PortState {
        guard let known = plan.interface.subInterface else {
            throw CNIError(.internal, "a plan without a port")
        }
        var others: PortState?
        do throws(AgentError) {
            return try ports.agent.poll("GET /vm/\(known.vm.text)/\(known.vmi.text)") {
                client throws(AgentError) -> PortState? in
                let state = try client.state(vm: known.vm, vmi: known.vmi)
                others = state
                return options.areMet(by: state) ? state : nil
            }
        } catch {
            throw unmet(others, error, plan, options)
        }
    }

    /// The agent's error, or that it has other addresses than those asked for.
    private func unmet(
        _ others: PortState?,
        _ error: AgentError,
        _ plan: Plan,
        _ options: InterfaceOptions
    ) -> CNIError {
        guard let others, !options.areMet(by: others) else { return CNIError(error) }
        let given = others.families.map { $0.address.text }.joined(separator: ", ")
        let asked = options.addresses.map { $0.address.text }.joined(separator: ", ")
        return CNIError(
            .tryAgainLater,
            "the agent gives interface \(plan.interface.key.interface.text) \(given), but \(asked) was asked for; make a virtual machine interface with that address beforehand"
        )
    }
}
