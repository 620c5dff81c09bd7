// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import JSON
import LinuxSystem
import Netlink
import NetworkTypes
import OwedDeletions
import PluginFloor
import PreparedInterface
import VRouter

extension ContrailPlugin {
    /// Compares the kernel, the agent, its file and `prevResult` with the record, field by field.
    ///
    /// Nothing is changed.
    public func check(_ request: CNIRequest) throws(CNIError) {
        let configuration = try ContrailConfiguration(request.configuration)
        try logged(request, configuration) { () throws(CNIError) in
            let deadline = monotonicMicroseconds() + configuration.overallLimit
            let found = try found(request.containerID, addedWith: request.interface, configuration)
            let lock = try found.vmName.map { name throws(CNIError) in
                try configuration.runFolder.locked(name, deadline: deadline)
            }
            defer { lock?.unlock() }
            let client = AgentClient(
                configuration.agent,
                requestLimit: configuration.requestLimit,
                deadline: deadline
            )
            let ports = Ports(agent: client, configuration: configuration)
            let socket = try attaching { () throws(AttachmentError) in try openNetlink() }
            var differences = Differences()
            var failure: AgentError?
            for (key, saved) in found.interfaces {
                guard let interface = saved, try configuration.store.required(key, .record) != nil else {
                    differences.note(key.interface.text, "there is no record of it")
                    continue
                }
                note(interface)
                let expected: Expectation
                do throws(JSONError) {
                    expected = try Expectation(
                        key.interface,
                        interface.guest,
                        request.configuration.previous
                    )
                } catch {
                    differences.note("prevResult", error.message)
                    continue
                }
                try checkDevice(interface, expected, request, over: socket, &differences)
                checkResult(interface, request, &differences)
                do throws(AgentError) {
                    try checkPort(interface, ports, &differences)
                } catch {
                    failure = error
                }
            }
            try differences.requireNone()
            if let failure { throw CNIError(failure) }
        }
    }

    private func checkDevice(
        _ interface: PreparedInterface,
        _ expected: Expectation,
        _ request: CNIRequest,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(CNIError) {
        let name = interface.key.interface
        do throws(AttachmentError) {
            // What a chained plugin has added is its own matter.
            let attachment = interface.former?.attachment ?? interface.attachment
            if let made = attachment.podNamespace {
                guard let pod = try PodNamespace.existing(made), request.namespace == pod.path else {
                    let path = request.namespace ?? ""
                    return differences.note(name.text, "\(path) is not the namespace that it was made in")
                }
                try check(attachment, name, in: pod, expected, over: socket, &differences)
            } else if case .tap(let tap) = attachment {
                try DirectTap.check(tap, mtu: expected.mtu(of: tap.name), over: socket, &differences)
            }
            if let bandwidth = interface.bandwidth, let limiter = Plan.limiterName(interface.key),
                let device = Plan.deviceName(interface.key)
            {
                try TrafficLimit.check(
                    bandwidth,
                    on: device,
                    through: limiter,
                    over: socket,
                    &differences
                )
            }
        } catch {
            throw CNIError(error)
        }
    }

    /// A container's interface.
    private func check(
        _ attachment: Attachment,
        _ name: InterfaceName,
        in pod: borrowing PodNamespace,
        _ expected: Expectation,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        switch attachment {
        case .veth(let veth):
            try VethPair.check(name, host: veth.host, in: pod, expected, over: socket, &differences)
        case .vlan(let vlan): try VLANDevice.check(name, vlan, in: pod, expected, &differences)
        case .macvlan(let macvlan):
            try NestedMacvlan.check(macvlan, pod: name, in: pod, expected, over: socket, &differences)
        // A VM's socket and its listener may be stopped.
        case .tap, .vhostUser: break
        }
    }

    /// The port as the agent knows it, and its file.
    private func checkPort(
        _ interface: PreparedInterface,
        _ ports: Ports,
        _ differences: inout Differences
    ) throws(AgentError) {
        guard let port = interface.port else {
            return try checkSubInterface(interface, ports, &differences)
        }
        let subject = "port \(port.vmi.text) of the agent"
        if port.kind == .vm {
            do throws(SystemError) {
                let files = AgentFiles(of: port.file, vmName: port.vmName, vmi: port.vmi) ?? ports.files
                let holder = try files.holder(
                    vmName: port.vmName,
                    vmi: port.vmi,
                    of: interface.key.containerID.text
                )
                if holder != .container {
                    differences.note(port.file, "the agent's file is missing or not this container's")
                }
            } catch {
                differences.note(port.file, error.message)
            }
        }
        let state: PortState
        do throws(AgentError) {
            state = try ports.state(of: port)
        } catch {
            guard case .notYet = error.cause else { throw error }
            return differences.note(subject, "the agent has none")
        }
        differences.compare(subject, "device", is: state.systemName, not: port.systemName)
        compare(state, interface, subject, &differences)
    }

    /// A sub-interface as the agent made it from its configuration: no device's name, no file.
    private func checkSubInterface(
        _ interface: PreparedInterface,
        _ ports: Ports,
        _ differences: inout Differences
    ) throws(AgentError) {
        guard let known = interface.subInterface else { return }
        let subject = "sub-interface \(known.vmi.text) of the agent"
        do throws(AgentError) {
            let state = try ports.agent.state(vm: known.vm, vmi: known.vmi)
            let tag = (interface.former?.attachment ?? interface.attachment).tag
            let (found, expected) = (state.vlan.map { "\($0)" }, tag.map { "\($0)" })
            differences.compare(subject, "VLAN tag", is: found ?? "none", not: expected ?? "none")
            compare(state, interface, subject, &differences)
        } catch {
            guard case .notYet = error.cause else { throw error }
            differences.note(subject, "the agent has none")
        }
    }

    private func compare(
        _ state: PortState,
        _ interface: PreparedInterface,
        _ subject: String,
        _ differences: inout Differences
    ) {
        differences.compare(subject, "MAC address", is: state.mac.text, not: interface.guest.mac.text)
        let given = state.families.map { $0.address.text }.joined(separator: ", ")
        let expected = interface.guest.addresses.map { $0.address.text }.joined(separator: ", ")
        differences.compare(subject, "address", is: given, not: expected)
    }

    /// What the runtime keeps as the result must tell of this interface.
    ///
    /// What it tells of a container's is what the kernel is expected to have. A VM's has no device there to compare.
    private func checkResult(
        _ interface: PreparedInterface,
        _ request: CNIRequest,
        _ differences: inout Differences
    ) {
        guard let previous = request.configuration.previous else { return }
        let ours = interface.result(version: request.configuration.version)
        let isInPod = (interface.former?.attachment ?? interface.attachment).podNamespace != nil
        let name = interface.key.interface.text
        do throws(JSONError) {
            let theirs = try previous.interfaces()
            for device in try ours.interfaces() {
                guard let match = theirs.first(where: { $0.name == device.name }) else {
                    differences.note(device.name, "it is not in prevResult")
                    continue
                }
                if let mac = device.mac, !isInPod {
                    let found = match.mac?.text ?? "none"
                    differences.compare(device.name, "MAC address in prevResult", is: found, not: mac.text)
                }
            }
            guard !isInPod else { return }
            let addresses = try previous.addresses().map { $0.prefix }
            for address in interface.guest.addresses where !addresses.contains(address) {
                differences.note(name, "address \(address.text) is not in prevResult")
            }
        } catch {
            differences.note("prevResult", error.message)
        }
    }
}
