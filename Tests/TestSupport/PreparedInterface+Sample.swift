// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
public import PreparedInterface

extension PreparedInterface {
    /// An interface of a VM, with its addresses in both families.
    public static func sample(
        container: String = "sandbox1",
        interface: String = "eth0",
        index: Int = 0,
        tap: String = "tap3f2a",
        namespace: NamespaceReference = .host,
        bootID: String = "boot",
        dhcp: GuestConfiguration.DHCPServer = .agent
    ) throws -> PreparedInterface {
        let container = try present(ContainerID(container))
        let mac = MACAddress(value: 0x02_00_00_00_00_10 + UInt64(index))
        let v4 = try present(IPAddress("10.47.0.1"))
        let v6 = try present(IPAddress("fd47::1"))
        let guest = GuestConfiguration(
            mac: mac,
            mtu: 1450,
            addresses: [
                try present(IPPrefix("10.47.0.\(3 + index)/24")),
                try present(IPPrefix("fd47::\(3 + index)/64")),
            ],
            gateways: [
                .init(address: v4, isOnLink: false, isDefault: index == 0),
                .init(address: v6, isOnLink: false, isDefault: index == 0),
            ],
            dns: DNS(servers: [v4], search: ["example.test"]),
            dhcp: dhcp
        )
        return PreparedInterface(
            key: InterfaceKey(containerID: container, interface: try present(InterfaceName(interface))),
            owner: try present(RuntimeName("vmctl")),
            network: NetworkReference(name: "demo"),
            pod: PodReference(cluster: "k8s", namespace: "default", name: "web"),
            bootID: BootID(bootID),
            index: index,
            guest: guest,
            attachment: .tap(
                Attachment.Tap(
                    name: try present(InterfaceName(tap)),
                    namespace: namespace,
                    isMultiQueue: true,
                    mostQueues: 8,
                    hasVnetHeader: true,
                    ownerUID: 64_100,
                    joinedBy: namespace == .host ? .direct : .redirect
                )
            ),
            created: []
        )
    }
}

/// A sample that could not be made.
public struct Absent: Error {
    /// A sample that could not be made.
    public init() {}
}

/// The value, which is there in a test that is right.
public func present<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Absent() }
    return value
}
