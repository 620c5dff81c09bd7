// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import NetworkTypes

/// What `POST /vm` tells the agent of a container's or VM's interface; also the content of the file from
/// which the agent registers it again when it restarts.
public struct PortRegistration: Hashable, Sendable {
    /// The longest VM name: at more bytes the agent ends itself.
    public static let mostNameBytes = 255

    /// The virtual machine: the pod.
    public let vm: UUID
    /// The virtual network.
    public let vn: UUID
    /// The virtual machine interface.
    public let vmi: UUID
    /// `cluster__namespace__pod`.
    public let vmName: String
    /// The container's id.
    public let containerID: String
    /// The device on the node.
    public let hostInterface: InterfaceName
    /// The interface's name in the container.
    public let containerInterface: String
    /// The container's network namespace.
    public var namespace: String

    /// A registration.
    public init(
        vm: UUID,
        vn: UUID,
        vmi: UUID,
        vmName: String,
        containerID: String,
        hostInterface: InterfaceName,
        containerInterface: String,
        namespace: String
    ) {
        self.vm = vm
        self.vn = vn
        self.vmi = vmi
        self.vmName = vmName
        self.containerID = containerID
        self.hostInterface = hostInterface
        self.containerInterface = containerInterface
        self.namespace = namespace
    }

    /// Reads a file of this format, the agent's own, too.
    init(_ fields: JSONFields) throws(JSONError) {
        guard let device = InterfaceName(try fields.string("host-ifname")) else {
            throw fields.error("host-ifname", "is not an interface's name")
        }
        self.init(
            vm: try fields.agentUUID("vm-uuid"),
            vn: try fields.agentUUID("vn-uuid"),
            vmi: try fields.agentUUID("vmi-uuid"),
            vmName: try fields.string("vm-name"),
            containerID: try fields.string("vm-id"),
            hostInterface: device,
            containerInterface: try fields.string("vm-ifname"),
            namespace: try fields.string("vm-namespace")
        )
    }

    /// The body of the request.
    public var json: JSONValue {
        .object(
            JSONObject([
                ("vm-uuid", .string(vm.text)), ("vn-uuid", .string(vn.text)), ("vmi-uuid", .string(vmi.text)),
                ("vm-id", .string(containerID)), ("vm-name", .string(vmName)),
                ("host-ifname", .string(hostInterface.text)), ("vm-ifname", .string(containerInterface)),
                ("vm-namespace", .string(namespace)),
            ])
        )
    }
}

/// What `POST /port` tells the agent of a vhost-user interface on a DPDK node.
///
/// The VM monitor listens at the socket (mode 1), as today's vRouter demands.
public struct VhostUserRegistration: Hashable, Sendable {
    /// The virtual machine: the pod.
    public let vm: UUID
    /// The virtual network.
    public let vn: UUID
    /// The virtual machine interface.
    public let vmi: UUID
    /// `cluster__namespace__pod`.
    public let vmName: String
    /// The name from which the vRouter makes the socket's.
    public let systemName: String
    /// The MAC address.
    public let mac: MACAddress

    /// A registration.
    public init(vm: UUID, vn: UUID, vmi: UUID, vmName: String, systemName: String, mac: MACAddress) {
        self.vm = vm
        self.vn = vn
        self.vmi = vmi
        self.vmName = vmName
        self.systemName = systemName
        self.mac = mac
    }

    /// The body of the request.
    ///
    /// Addresses of zero let the agent's configuration decide.
    public var json: JSONValue {
        .object(
            JSONObject([
                ("id", .string(vmi.text)), ("instance-id", .string(vm.text)), ("vn-id", .string(vn.text)),
                ("vm-project-id", .string("")), ("display-name", .string(vmName)),
                ("ip-address", .string("0.0.0.0")), ("ip6-address", .string("::")),
                ("mac-address", .string(mac.text)), ("system-name", .string(systemName)),
                ("type", .integer(0)), ("rx-vlan-id", .integer(-1)), ("tx-vlan-id", .integer(-1)),
                ("vhostuser-mode", .integer(1)),
            ])
        )
    }
}
