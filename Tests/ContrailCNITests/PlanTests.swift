// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import PreparedInterface
import Testing
import VRouter

@testable import CNIProtocol
@testable import ContrailCNI
@testable import PreparedInterface

@Suite struct PlanTests {
    private let namespace = NamespaceReference.pod(path: "/run/netns/x", device: 4, inode: 5)

    private func plan(
        _ assignment: PortAssignment,
        runtimeConfig: String? = nil,
        contrail: String = "{}",
        options: InterfaceOptions = InterfaceOptions(),
        carrier: Plan.Carrier? = nil,
        hasDeviceInfo: Bool = false
    ) throws -> Plan {
        var request = try Example.request()
        if let runtimeConfig {
            let configuration = try CNIConfiguration(
                Array(
                    #"{"cniVersion":"1.1.0","name":"net","runtimeConfig":{"vmInterface":\#(runtimeConfig)}}"#
                        .utf8
                )
            )
            let variables = [
                "CNI_CONTAINERID": "c0ffee", "CNI_IFNAME": "eth0", "CNI_NETNS": "/run/netns/x",
                "CNI_ARGS": Example.podArguments,
            ]
            request = try CNIRequest(
                .add,
                environment: CNIEnvironment { variables[$0] },
                configuration: configuration
            )
        }
        return try Plan(
            request,
            interface: request.interface,
            options: options,
            pod: PodIdentity(request, cluster: "k8s"),
            assignment: assignment,
            carrier: carrier,
            vm: VMInterfaceRequest.find(request, runFolder: RunFolder("/nonexistent")),
            facts: Plan.Facts(
                bootID: BootID("boot"),
                mtu: 1400,
                namespace: namespace,
                hasDeviceInfo: hasDeviceInfo
            ),
            configuration: ContrailConfiguration(
                Example.configuration(contrail: contrail),
                fileFolders: []
            )
        )
    }

    @Test func `a container gets a veth under the derived name`() throws {
        let plan = try plan(Example.assignment(2, annotations: ["index:1/2", "network:a"]))
        let device = try #require(InterfaceName("tapab5768a3452"))
        #expect(plan.device == device)
        let interface = plan.interface
        #expect(interface.key.containerID.text == "c0ffee")
        #expect(interface.key.interface.text == "eth0")
        #expect(interface.owner.text == "container-runtime")
        #expect(
            interface.network
                == NetworkReference(name: "k8s-pod-network", virtualNetwork: "default-domain:k8s-default:net")
        )
        #expect(interface.pod == PodReference(cluster: "k8s", namespace: "default", name: "web"))
        #expect(interface.bootID == BootID("boot"))
        #expect(interface.index == 1)
        #expect(
            interface.guest
                == GuestConfiguration(
                    mac: try #require(MACAddress("02:7c:1e:0b:52:3a")),
                    mtu: 1400,
                    dhcp: .agent
                )
        )
        #expect(interface.attachment == .veth(.init(host: device, namespace: namespace)))
        #expect(interface.created == [.link(name: device, namespace: .host)])
        #expect(interface.former == nil)
    }

    @Test func `a VM gets a direct tap with its queues and owner`() throws {
        let plan = try plan(
            Example.assignment(2),
            runtimeConfig: #"{"queues":4,"ownerUID":64200,"runtime":"vm-runtime"}"#
        )
        #expect(plan.interface.owner.text == "vm-runtime")
        #expect(plan.interface.index == 0)
        #expect(
            plan.interface.attachment
                == .tap(
                    .init(
                        name: plan.device,
                        namespace: .host,
                        isMultiQueue: true,
                        mostQueues: 4,
                        hasVnetHeader: true,
                        ownerUID: 64_200,
                        joinedBy: .direct
                    )
                )
        )
        #expect(plan.interface.created == [.link(name: plan.device, namespace: .host)])
    }

    @Test func `on a DPDK node a VM gets a vhost-user socket and a port of its own table`() throws {
        let vm = #"{"queues":4,"ownerUID":64200}"#
        let dpdk = #"{"platform":"dpdk"}"#
        let plan = try plan(Example.assignment(2), runtimeConfig: vm, contrail: dpdk)
        let path = "/var/run/vrouter/uvh_vif_\(plan.device.text)"
        #expect(
            plan.interface.attachment
                == .vhostUser(.init(path: path, listener: .guest, mostQueues: 4, ownerUID: 64_200))
        )
        let features = "/var/lib/contrail/vm_feature/\(plan.device.text)"
        #expect(plan.interface.created == [.file(path: path), .file(path: features)])
        let port = try #require(plan.interface.port)
        #expect(port.kind == .port)
        #expect(port.file == "/var/lib/contrail/ports/\(port.vmi.text)")
        guard case .port(let registration) = plan.registration else {
            Issue.record("not a port of POST /port")
            return
        }
        #expect(registration.systemName == plan.device.text && registration.vmi == port.vmi)
        #expect(registration.mac == plan.interface.guest.mac && registration.vmName == "k8s__default__web")
    }

    @Test func `on a DPDK node a container still has a veth`() throws {
        let plan = try plan(Example.assignment(2), contrail: #"{"platform":"dpdk"}"#)
        #expect(plan.interface.port?.kind == .vm)
        #expect(plan.interface.attachment == .veth(.init(host: plan.device, namespace: namespace)))
    }

    @Test func `a runtime that asks for another kind is told which there is`() throws {
        for (kind, contrail) in [("vhostUser", "{}"), ("tap", #"{"platform":"dpdk"}"#)] {
            let error = #expect(throws: CNIError.self) {
                let vm = #"{"kind":"\#(kind)","ownerUID":1}"#
                _ = try plan(Example.assignment(2), runtimeConfig: vm, contrail: contrail)
            }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("kind \"\(kind)\"") == true)
        }
    }

    @Test func `a socket's path that the kernel can't hold is refused with the field's name`() throws {
        let folder = "/" + String(repeating: "d", count: 90)
        let error = #expect(throws: CNIError.self) {
            _ = try plan(
                Example.assignment(2),
                runtimeConfig: #"{"ownerUID":1}"#,
                contrail: #"{"platform":"dpdk","vhost-user-dir":"\#(folder)"}"#
            )
        }
        #expect(error?.message.contains("contrail.vhost-user-dir") == true)
    }

    @Test func `a device-info file is ours only where nobody wrote it before`() throws {
        var request = try Example.request()
        request = try CNIRequest(
            .add,
            environment: CNIEnvironment { name in
                ["CNI_CONTAINERID": "c", "CNI_IFNAME": "eth0", "CNI_NETNS": "/run/netns/x"][name]
            },
            configuration: CNIConfiguration(
                Array(
                    #"{"cniVersion":"1.1.0","name":"n","runtimeConfig":{"CNIDeviceInfoFile":"/run/info"}}"#
                        .utf8
                )
            )
        )
        let options = try InterfaceOptions(request)
        let vm = #"{"ownerUID":1}"#
        let dpdk = #"{"platform":"dpdk"}"#
        let file = KernelObject.file(path: "/run/info")
        let ours = try plan(Example.assignment(2), runtimeConfig: vm, contrail: dpdk, options: options)
        #expect(ours.interface.created.contains(file))
        let theirs = try plan(
            Example.assignment(2),
            runtimeConfig: vm,
            contrail: dpdk,
            options: options,
            hasDeviceInfo: true
        )
        #expect(!theirs.interface.created.contains(file))
        let tap = try plan(Example.assignment(2), runtimeConfig: vm, options: options)
        #expect(!tap.interface.created.contains(file))
    }

    @Test func `the agent is told of the same port that the record names`() throws {
        let plan = try plan(Example.assignment(2))
        guard case .vm(let registration) = plan.registration else {
            Issue.record("not a port of POST /vm")
            return
        }
        let port = try #require(plan.interface.port)
        #expect(port.kind == .vm)
        #expect(registration.vm == port.vm && registration.vmi == port.vmi && registration.vn == port.vn)
        #expect(registration.vmName == port.vmName)
        #expect(registration.vmName == "k8s__default__web")
        #expect(registration.hostInterface.text == port.systemName)
        #expect(registration.hostInterface == plan.device)
        #expect(registration.containerID == "c0ffee")
        #expect(registration.containerInterface == "eth0")
        #expect(registration.namespace == "/run/netns/x")
        #expect(port.agent == "127.0.0.1:9091")
        #expect(
            port.file == "/var/lib/contrail/ports/vm/k8s__default__web/7c1e0b52-3a90-11ee-9c41-0242ac110002"
        )
    }

    private let vm = #"{"queues":2,"ownerUID":1}"#

    @Test func `on a nested node a pod gets a macvlan on a VLAN device, and nobody is told`() throws {
        let ens3 = try #require(InterfaceName("ens3"))
        for vm in [nil, vm] {
            let plan = try plan(
                Example.assignment(2, vlan: 100),
                runtimeConfig: vm,
                carrier: .node(ens3)
            )
            #expect(plan.device.text.hasPrefix("vlan") && plan.device.text.utf8.count == 15)
            #expect(plan.device == Plan.vlanName(plan.interface.key))
            #expect(
                plan.interface.attachment
                    == .macvlan(.init(host: plan.device, parent: ens3, tag: 100, namespace: namespace))
            )
            #expect(plan.interface.created == [.link(name: plan.device, namespace: .host)])
            #expect(plan.interface.port == nil)
            let vmi = UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002")
            #expect(plan.interface.subInterface?.vmi == vmi && plan.interface.vmi == vmi)
            guard case .none = plan.registration else {
                Issue.record("somebody is told")
                return
            }
            #expect(try PreparedInterface(json: plan.interface.json) == plan.interface)
        }
    }

    @Test func `a sub-interface is a VLAN device in a container, and nothing for a VM`() throws {
        let eth0 = try #require(InterfaceName("eth0"))
        let assignment = try Example.assignment(2, vlan: 300)
        let container = try plan(assignment, carrier: .pod(eth0))
        #expect(
            container.interface.attachment == .vlan(.init(parent: eth0, tag: 300, namespace: namespace))
        )
        let name = container.interface.key.interface
        #expect(container.interface.created == [.link(name: name, namespace: namespace)])
        let guest = try plan(assignment, runtimeConfig: vm, carrier: .pod(eth0))
        #expect(guest.interface.attachment == .vlan(.init(parent: eth0, tag: 300, namespace: nil)))
        #expect(guest.interface.created.isEmpty && guest.interface.port == nil)
        #expect(try PreparedInterface(json: guest.interface.json) == guest.interface)
    }

    @Test func `a nested pod without a tag waits, and a sub-interface has no limits of its own`() throws {
        let eth0 = try #require(InterfaceName("eth0"))
        let waiting = #expect(throws: CNIError.self) {
            _ = try plan(Example.assignment(2), carrier: .node(eth0))
        }
        #expect(waiting?.code == .tryAgainLater && waiting?.message.contains("has no VLAN tag") == true)
        let request = try CNIRequest(
            .add,
            environment: CNIEnvironment { name in
                ["CNI_CONTAINERID": "c", "CNI_IFNAME": "eth0", "CNI_NETNS": "/run/netns/x"][name]
            },
            configuration: CNIConfiguration(
                Array(
                    #"{"cniVersion":"1.1.0","name":"n","runtimeConfig":{"bandwidth":{"ingressRate":8000,"ingressBurst":80000}}}"#
                        .utf8
                )
            )
        )
        let limited = #expect(throws: CNIError.self) {
            _ = try plan(
                Example.assignment(2, vlan: 5),
                options: InterfaceOptions(request),
                carrier: .pod(eth0)
            )
        }
        #expect(limited?.code == .unsupportedField)
    }

    @Test func `a plan is saved and read again`() throws {
        let interface = try plan(Example.assignment(2)).interface
        #expect(try PreparedInterface(json: interface.json) == interface)
    }

    @Test func `a device's name depends on container and interface only`() throws {
        func name(_ container: String, _ interface: String) throws -> String? {
            Plan.deviceName(
                InterfaceKey(
                    containerID: try #require(ContainerID(container)),
                    interface: try #require(InterfaceName(interface))
                )
            )?.text
        }
        #expect(try name("c0ffee", "eth0") == "tapab5768a3452")
        #expect(try name("c0ffee", "eth1") == "tapf212dbe3bbc")
        #expect(try name("c0ffef", "eth0") != "tapab5768a3452")
    }
}

@Suite struct GuestConfigurationTests {
    private static let v4 =
        #","ip-address":"10.47.255.249","plen":12,"dns-server":"10.47.255.253","gateway":"10.47.255.254""#
    private static let v6 =
        #","v6-ip-address":"fd00:47::f9","v6-dns-server":"fd00:47::fd","v6-gateway":"fd00:47::fe""#

    private func guest(
        _ fields: String,
        index: Int = 0,
        v6PrefixLength: Int = 64
    ) throws -> GuestConfiguration {
        var guest = GuestConfiguration(
            mac: try #require(MACAddress("02:7c:1e:0b:52:3a")),
            mtu: 1500,
            dhcp: .agent
        )
        try guest.apply(Example.state(fields), index: index, v6PrefixLength: v6PrefixLength)
        return guest
    }

    private func gateway(
        _ text: String,
        isOnLink: Bool = false,
        isDefault: Bool = true
    ) throws -> GuestConfiguration.Gateway {
        .init(address: try #require(IPAddress(text)), isOnLink: isOnLink, isDefault: isDefault)
    }

    @Test func `a dual stack port fills both families, IPv6 with the default prefix length`() throws {
        let guest = try guest(Self.v4 + Self.v6)
        #expect(guest.addresses.map(\.text) == ["10.47.255.249/12", "fd00:47::f9/64"])
        #expect(guest.gateways == [try gateway("10.47.255.254"), try gateway("fd00:47::fe")])
        #expect(guest.dns.servers.map(\.text) == ["10.47.255.253", "fd00:47::fd"])
        #expect(guest.routes == [])
    }

    @Test func `the IPv6 prefix length is the configuration's`() throws {
        #expect(try guest(Self.v6, v6PrefixLength: 128).addresses.map(\.text) == ["fd00:47::f9/128"])
        #expect(try guest(Self.v6, v6PrefixLength: 128).gateways.map(\.isOnLink) == [true])
    }

    @Test func `only the first interface has a default route`() throws {
        #expect(try guest(Self.v4 + Self.v6, index: 1).gateways.map(\.isDefault) == [false, false])
    }

    @Test(arguments: [
        ("10.47.255.254", 12, false), ("10.48.0.1", 12, true), ("10.47.255.254", 32, true),
        ("10.47.255.249", 32, false),
        ("169.254.1.1", 12, true),
    ])
    func `an IPv4 gateway outside the prefix is on the link`(
        gateway: String,
        length: Int,
        isOnLink: Bool
    ) throws {
        let fields = Self.v4.replacing("10.47.255.254", with: gateway).replacing(":12", with: ":\(length)")
        #expect(try guest(fields).gateways == [try self.gateway(gateway, isOnLink: isOnLink)])
    }

    @Test(arguments: [("fd00:47::fe", false), ("fd00:48::fe", true), ("fe80::1", false)])
    func `an IPv6 gateway outside the prefix is on the link, a link-local one needs no word`(
        gateway: String,
        isOnLink: Bool
    ) throws {
        #expect(
            try guest(Self.v6.replacing("fd00:47::fe", with: gateway)).gateways
                == [try self.gateway(gateway, isOnLink: isOnLink)]
        )
    }

    @Test func `0.0.0.0 and :: mean none`() throws {
        let none = Self.v4.replacing("10.47.255.253", with: "0.0.0.0").replacing(
            "10.47.255.254",
            with: "0.0.0.0"
        )
        let guest = try guest(
            none + Self.v6.replacing("fd00:47::fd", with: "::").replacing("fd00:47::fe", with: "::")
        )
        #expect(guest.addresses.map(\.text) == ["10.47.255.249/12", "fd00:47::f9/64"])
        #expect(guest.gateways == [])
        #expect(guest.dns.servers == [])
    }

    @Test func `a port without addresses leaves the guest without`() throws {
        #expect(try guest("").addresses == [])
    }
}
