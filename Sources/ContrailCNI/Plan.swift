// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CNIProtocol
import NetworkTypes
import OwedDeletions
import PreparedInterface
import VRouter

/// What an ADD is going to make: pure, from the request, the assignment and the facts of the host.
struct Plan {
    /// The plan as it is saved.
    let interface: PreparedInterface
    /// What the agent will be told.
    let registration: Ports.Registration
    /// The device on the node, or the name that a vhost-user socket's is made from.
    let device: InterfaceName

    /// What carries a sub-interface's VLAN.
    enum Carrier {
        /// An interface of the node.
        case node(InterfaceName)
        /// An interface of the same pod.
        case pod(InterfaceName)
    }

    /// The facts of the host that a plan needs.
    struct Facts {
        let bootID: BootID
        let mtu: Int
        let namespace: NamespaceReference
        /// Whether somebody else has written the device-info file: then it is not ours to write or remove.
        var hasDeviceInfo = false
    }

    /// The runtime of containers; it gives no name of its own.
    static let containerRuntime = RuntimeName("container-runtime")

    /// The longest path of a socket: sun_path of sockaddr_un holds 108 bytes, the last of them 0.
    static let mostPathBytes = 107

    /// The device's name: a pure function of container and interface, so that DEL finds it without a
    /// record.
    static func deviceName(_ key: InterfaceKey) -> InterfaceName? {
        InterfaceName(prefix: "tap", hashing: [key.containerID.text, key.interface.text])
    }

    /// The device that delays what a pod sends too fast.
    static func limiterName(_ key: InterfaceKey) -> InterfaceName? {
        InterfaceName(prefix: "ifb", hashing: [key.containerID.text, key.interface.text])
    }

    /// The VLAN device on a nested node.
    static func vlanName(_ key: InterfaceKey) -> InterfaceName? {
        InterfaceName(prefix: "vlan", hashing: [key.containerID.text, key.interface.text])
    }

    init(
        _ request: CNIRequest,
        interface name: InterfaceName,
        options: InterfaceOptions,
        pod: PodIdentity,
        assignment: PortAssignment,
        carrier: Carrier? = nil,
        vm: VMInterfaceRequest?,
        facts: Facts,
        configuration: ContrailConfiguration
    ) throws(CNIError) {
        let key = InterfaceKey(containerID: request.containerID, interface: name)
        guard let tap = Plan.deviceName(key), let vlan = Plan.vlanName(key),
            let owner = vm?.runtime ?? Plan.containerRuntime
        else {
            throw CNIError(.internal, "cannot derive a device name for \(key.interface.text)")
        }
        guard let mac = assignment.mac else {
            throw CNIError(
                .tryAgainLater,
                "the agent's configuration has no MAC address yet for virtual machine interface \(assignment.vmi.text)"
            )
        }
        let attachment: Attachment
        if let carrier {
            attachment = try Self.subInterface(vlan, of: carrier, assignment, isVM: vm != nil, facts: facts)
        } else {
            attachment = try Self.attachment(tap, vm: vm, facts: facts, configuration: configuration)
        }
        var isMacvlan = false
        if case .macvlan = attachment { isMacvlan = true }
        device = isMacvlan ? vlan : tap
        var created: [KernelObject] = [.link(name: device, namespace: .host)]
        var port: VRouterPort? = VRouterPort(
            kind: .vm,
            vm: assignment.vm,
            vmi: assignment.vmi,
            vn: assignment.vn,
            vmName: pod.vmName,
            systemName: tap.text,
            agent: configuration.agent.text,
            file: configuration.agentFiles.path(vmName: pod.vmName, vmi: assignment.vmi)
        )
        switch attachment {
        case .vhostUser(let socket):
            created = [.file(path: socket.path), .file(path: configuration.featureFile(tap.text))]
            port?.kind = .port
            port?.file = configuration.agentFiles.path(port: assignment.vmi)
            registration = .port(
                VhostUserRegistration(
                    vm: assignment.vm,
                    vn: assignment.vn,
                    vmi: assignment.vmi,
                    vmName: pod.vmName,
                    systemName: tap.text,
                    mac: mac
                )
            )
        case .vlan(let vlan):
            created = vlan.namespace.map { [.link(name: name, namespace: $0)] } ?? []
            (registration, port) = (.none, nil)
        case .macvlan: (registration, port) = (.none, nil)
        case .veth, .tap:
            registration = .vm(
                PortRegistration(
                    vm: assignment.vm,
                    vn: assignment.vn,
                    vmi: assignment.vmi,
                    vmName: pod.vmName,
                    containerID: request.containerID.text,
                    hostInterface: tap,
                    containerInterface: name.text,
                    namespace: facts.namespace.path ?? ""
                )
            )
        }
        if let bandwidth = options.bandwidth {
            guard port?.kind == .vm else {
                throw CNIError(
                    .unsupportedField,
                    port == nil
                        ? "network configuration: field \"bandwidth\" is not supported: a sub-interface shares the port of the interface that carries it, where limits can be set"
                        : "network configuration: field \"bandwidth\" is not supported: limits of a vhost-user port are the vRouter's matter"
                )
            }
            if bandwidth.egress != nil, let limiter = Plan.limiterName(key) {
                created.append(.link(name: limiter, namespace: .host))
            }
        }
        if let path = options.deviceInfoFile, port?.kind == .port, !facts.hasDeviceInfo {
            created.append(.file(path: path))
        }
        interface = PreparedInterface(
            key: key,
            addedWith: request.interface,
            owner: owner,
            network: NetworkReference(name: request.configuration.name, virtualNetwork: assignment.vnName),
            pod: pod.reference,
            bootID: facts.bootID,
            index: assignment.index?.place ?? 0,
            guest: GuestConfiguration(mac: mac, mtu: facts.mtu, dhcp: .agent),
            attachment: attachment,
            created: created,
            port: port,
            subInterface: port == nil
                ? VRouterSubInterface(vm: assignment.vm, vmi: assignment.vmi, vn: assignment.vn) : nil,
            bandwidth: options.bandwidth
        )
    }

    /// A sub-interface: on a nested node a macvlan, for a container a VLAN device; a VM's guest makes it.
    private static func subInterface(
        _ device: InterfaceName,
        of carrier: Carrier,
        _ assignment: PortAssignment,
        isVM: Bool,
        facts: Facts
    ) throws(CNIError) -> Attachment {
        guard let tag = assignment.vlan else {
            throw CNIError(
                .tryAgainLater,
                "virtual machine interface \(assignment.vmi.text) has no VLAN tag: on a nested node (contrail.vif-type is \"macvlan\") it must be a sub-interface of the node's own",
                details: "is the node's interface known to kube-manager as the pod's parent?"
            )
        }
        switch carrier {
        case .node(let parent):
            return .macvlan(
                Attachment.Macvlan(host: device, parent: parent, tag: tag, namespace: facts.namespace)
            )
        case .pod(let parent):
            return .vlan(
                Attachment.VLAN(parent: parent, tag: tag, namespace: isVM ? nil : facts.namespace)
            )
        }
    }

    /// The kind of attachment: by whether a VM asks, and by what the node's vRouter is.
    private static func attachment(
        _ device: InterfaceName,
        vm: VMInterfaceRequest?,
        facts: Facts,
        configuration: ContrailConfiguration
    ) throws(CNIError) -> Attachment {
        guard let vm else { return .veth(Attachment.Veth(host: device, namespace: facts.namespace)) }
        switch configuration.platform {
        case .kernel:
            try vm.require(.tap, "contrail.platform is \"kernel\"")
            return .tap(
                Attachment.Tap(
                    name: device,
                    namespace: .host,
                    isMultiQueue: true,
                    mostQueues: vm.queues,
                    hasVnetHeader: true,
                    ownerUID: vm.ownerUID,
                    joinedBy: .direct
                )
            )
        case .dpdk:
            try vm.require(.vhostUser, "contrail.platform is \"dpdk\"")
            let path = "\(configuration.vhostUserFolder)/uvh_vif_\(device.text)"
            guard path.utf8.count <= mostPathBytes else {
                throw CNIError(
                    .invalidConfiguration,
                    "network configuration: field \"contrail.vhost-user-dir\" is too long: \(path) has \(path.utf8.count) bytes, a socket's path at most \(mostPathBytes)"
                )
            }
            return .vhostUser(
                Attachment.VhostUser(
                    path: path,
                    listener: .guest,
                    mostQueues: vm.queues,
                    ownerUID: vm.ownerUID
                )
            )
        }
    }
}

extension GuestConfiguration {
    /// Fills in what the agent told of the plugged port.
    mutating func apply(_ state: PortState, index: Int, v6PrefixLength: Int) throws(CNIError) {
        for family in state.families {
            guard let prefix = IPPrefix(family.address, length: family.prefixLength ?? v6PrefixLength) else {
                throw CNIError(.internal, "the agent's prefix length does not fit \(family.address.text)")
            }
            addresses.append(prefix)
            if let gateway = family.gateway {
                // IPv6 reaches link-local gateways anyway; to IPv4, 169.254.0.0/16 is a network like any other.
                let isNeighbour = gateway.family == .v6 && gateway.isLinkLocal
                gateways.append(
                    Gateway(
                        address: gateway,
                        isOnLink: !prefix.contains(gateway) && !isNeighbour,
                        isDefault: index == 0
                    )
                )
            }
            if let server = family.dnsServer { dns.servers.append(server) }
        }
    }
}
