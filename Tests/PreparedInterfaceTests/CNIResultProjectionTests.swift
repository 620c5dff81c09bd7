// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
import PreparedInterface
import Testing

@Suite struct CNIResultProjectionTests {
    private func result(_ golden: Golden, _ version: CNIVersion) throws -> String {
        String(decoding: try golden.interface().result(version: version).json.serialized(), as: UTF8.self)
    }

    private static let legacy =
        #"{"cniVersion":"0.2.0","ip4":{"ip":"10.47.255.249/12","gateway":"10.47.255.254","#
        + #""routes":[{"dst":"0.0.0.0/0","gw":"10.47.255.254"}]},"dns":{"nameservers":["10.47.255.253"]}}"#
    private static let addresses040 =
        #""ips":[{"version":"4","interface":1,"address":"10.47.255.249/12","gateway":"10.47.255.254"}],"#
    private static let addresses100 =
        #""ips":[{"interface":1,"address":"10.47.255.249/12","gateway":"10.47.255.254"}],"#
    private static let rest =
        #""routes":[{"dst":"0.0.0.0/0","gw":"10.47.255.254"}],"dns":{"nameservers":["10.47.255.253"]}}"#

    /// Each version with the same two interfaces.
    private static func documents(_ interfaces: String, _ interfaces110: String) -> [(CNIVersion, String)] {
        [
            (.v020, legacy),
            (.v040, #"{"cniVersion":"0.4.0","interfaces":\#(interfaces),"# + addresses040 + rest),
            (.v100, #"{"cniVersion":"1.0.0","interfaces":\#(interfaces),"# + addresses100 + rest),
            (.v110, #"{"cniVersion":"1.1.0","interfaces":\#(interfaces110),"# + addresses100 + rest),
        ]
    }

    @Test(
        arguments: documents(
            #"[{"name":"tapab5768a3452"},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"/run/netns/x"}]"#,
            #"[{"name":"tapab5768a3452","mtu":1500},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"/run/netns/x","mtu":1500}]"#
        )
    )
    func `a veth is the node's end, then the pod's with the addresses`(
        version: CNIVersion,
        document: String
    ) throws {
        #expect(try result(.veth, version) == document)
    }

    @Test(
        arguments: documents(
            #"[{"name":"tapab5768a3452"},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"c0ffee"}]"#,
            #"[{"name":"tapab5768a3452","mtu":1500},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"c0ffee","mtu":1500}]"#
        )
    )
    func `a direct tap has no sandbox, and the VM's own entry holds the addresses`(
        version: CNIVersion,
        document: String
    ) throws {
        #expect(try result(.directTap, version) == document)
    }

    @Test(
        arguments: documents(
            #"[{"name":"tapdb7fd16d611","sandbox":"/run/netns/x"},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"c0ffee"}]"#,
            #"[{"name":"tapdb7fd16d611","sandbox":"/run/netns/x","mtu":1500},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"c0ffee","mtu":1500}]"#
        )
    )
    func `a redirect's tap is in the pod, and the VM's own entry holds the addresses`(
        version: CNIVersion,
        document: String
    ) throws {
        #expect(try result(.redirect, version) == document)
    }

    @Test func `both families have their addresses, gateways, routes and servers`() throws {
        #expect(
            try result(.dualStack, .v100)
                == #"{"cniVersion":"1.0.0","interfaces":[{"name":"tapab5768a3452"},"#
                + #"{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"c0ffee"}],"#
                + #""ips":[{"interface":1,"address":"10.47.255.249/12","gateway":"10.47.255.254"},"#
                + #"{"interface":1,"address":"fd00:47::f9/64","gateway":"fd00:47::fe"}],"#
                + #""routes":[{"dst":"0.0.0.0/0","gw":"10.47.255.254"},{"dst":"::/0","gw":"fd00:47::fe"},"#
                + #"{"dst":"10.96.0.0/12","gw":"10.47.255.254"},{"dst":"fd01::/16"}],"#
                + #""dns":{"nameservers":["10.47.255.253","fd00:47::fd"],"search":["default.svc.cluster.local"],"#
                + #""options":["ndots:5"]}}"#
        )
    }

    @Test func `an interface that is not the first has no default route`() throws {
        #expect(
            try result(.v6Only, .v100)
                == #"{"cniVersion":"1.0.0","interfaces":[{"name":"tapf212dbe3bbc"},"#
                + #"{"name":"net1","mac":"02:7c:1e:0b:52:3a","sandbox":"c0ffee"}],"#
                + #""ips":[{"interface":1,"address":"fd00:47::f9/64","gateway":"fe80::1"}],"dns":{}}"#
        )
    }

    @Test func `a veth whose node's end nobody told is one interface, which holds the addresses`() throws {
        var interface = try Golden.veth.interface()
        guard case .veth(var veth) = interface.attachment else { return }
        veth.host = nil
        interface.attachment = .veth(veth)
        let result = interface.result(version: .v110)
        #expect(try result.interfaces().map(\.name) == ["eth0"])
        #expect(try result.addresses().map(\.interface) == [0])
    }

    @Test func `a macvlan is the node's VLAN device, then the pod's; a VLAN is the pod's alone`() throws {
        let macvlan = try result(.macvlan, .v110)
        #expect(
            macvlan.contains(
                #"[{"name":"vlan5a3452ab576","mtu":1500},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"/run/netns/x","mtu":1500}]"#
            ),
            "\(macvlan)"
        )
        let lan = #""name":"lan0","mac":"02:7c:1e:0b:52:3a","sandbox":"#
        let vlan = try result(.vlan, .v110)
        #expect(vlan.contains(#"[{\#(lan)"/run/netns/x","mtu":1500}]"#), "\(vlan)")
        // The guest's own: the sandbox is the container's id, as for a tap.
        var own = try Golden.vlan.interface()
        guard case .vlan(var attachment) = own.attachment else { return }
        attachment.namespace = nil
        own.attachment = .vlan(attachment)
        let text = String(decoding: own.result(version: .v110).json.serialized(), as: UTF8.self)
        #expect(text.contains(#"[{\#(lan)"c0ffee","mtu":1500}]"#), "\(text)")
    }

    @Test(arguments: Golden.allCases, [CNIVersion.v030, .v031, .v040, .v100, .v110])
    func `every address points at the entry named CNI_IFNAME, which is on no interface of the node`(
        golden: Golden,
        version: CNIVersion
    ) throws {
        let interface = try golden.interface()
        let printed = interface.result(version: version)
        let result = try CNIResult(previous: printed.json, version: version)
        let interfaces = try result.interfaces()
        let addresses = try result.addresses()
        #expect(addresses.map(\.prefix) == interface.guest.addresses)
        for address in addresses {
            let holder = interfaces[try #require(address.interface)]
            #expect(holder.name == interface.key.interface.text)
            #expect(holder.sandbox != nil)
            #expect(holder.mac == interface.guest.mac)
        }
    }
}
