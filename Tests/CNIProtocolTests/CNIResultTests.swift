// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import Testing

@testable import CNIProtocol

@Suite struct CNIResultTests {
    /// A result with two interfaces, both families, a route of each kind and DNS.
    private func full(_ version: CNIVersion) throws -> CNIResult {
        var result = CNIResult(version: version)
        let host = result.append(.init(name: "tapab5768a3452", mtu: 1500))
        let pod = result.append(
            .init(
                name: "eth0",
                mac: MACAddress("02:7c:1e:0b:52:3a"),
                mtu: 1500,
                sandbox: "/run/netns/x",
                socketPath: "/run/vhost/x.sock"
            )
        )
        #expect(host == 0 && pod == 1)
        result.append(
            CNIResult.Address(
                try #require(IPPrefix("10.47.255.249/12")),
                gateway: IPAddress("10.47.255.254"),
                interface: pod
            )
        )
        result.append(
            CNIResult.Address(
                try #require(IPPrefix("fd00:47::f9/64")),
                gateway: IPAddress("fd00:47::fe"),
                interface: pod
            )
        )
        result.append(Route(to: .default(.v4), via: IPAddress("10.47.255.254")))
        result.append(Route(to: try #require(IPPrefix("fd01::/16")), via: nil))
        result.setDNS(
            DNS(
                servers: [try #require(IPAddress("10.47.255.253"))],
                search: ["example.org"],
                options: ["ndots:5"]
            )
        )
        return result
    }

    private static let interfaces =
        #"[{"name":"tapab5768a3452"},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","sandbox":"/run/netns/x"}]"#
    private static let newInterfaces =
        #"[{"name":"tapab5768a3452","mtu":1500},{"name":"eth0","mac":"02:7c:1e:0b:52:3a","#
        + #""sandbox":"/run/netns/x","mtu":1500,"socketPath":"/run/vhost/x.sock"}]"#
    private static let addresses =
        #"[{"interface":1,"address":"10.47.255.249/12","gateway":"10.47.255.254"},"#
        + #"{"interface":1,"address":"fd00:47::f9/64","gateway":"fd00:47::fe"}]"#
    private static let oldAddresses =
        #"[{"version":"4","interface":1,"address":"10.47.255.249/12","gateway":"10.47.255.254"},"#
        + #"{"version":"6","interface":1,"address":"fd00:47::f9/64","gateway":"fd00:47::fe"}]"#
    private static let rest =
        #""routes":[{"dst":"0.0.0.0/0","gw":"10.47.255.254"},{"dst":"fd01::/16"}],"#
        + #""dns":{"nameservers":["10.47.255.253"],"search":["example.org"],"options":["ndots:5"]}}"#
    private static let legacy =
        #""ip4":{"ip":"10.47.255.249/12","gateway":"10.47.255.254","#
        + #""routes":[{"dst":"0.0.0.0/0","gw":"10.47.255.254"}]},"#
        + #""ip6":{"ip":"fd00:47::f9/64","gateway":"fd00:47::fe","routes":[{"dst":"fd01::/16"}]},"#
        + #""dns":{"nameservers":["10.47.255.253"],"search":["example.org"],"options":["ndots:5"]}}"#

    @Test(arguments: [
        (CNIVersion.v010, #"{"cniVersion":"0.1.0","# + legacy),
        (.v020, #"{"cniVersion":"0.2.0","# + legacy),
        (.v030, #"{"cniVersion":"0.3.0","interfaces":\#(interfaces),"ips":\#(oldAddresses),"# + rest),
        (.v031, #"{"cniVersion":"0.3.1","interfaces":\#(interfaces),"ips":\#(oldAddresses),"# + rest),
        (.v040, #"{"cniVersion":"0.4.0","interfaces":\#(interfaces),"ips":\#(oldAddresses),"# + rest),
        (.v100, #"{"cniVersion":"1.0.0","interfaces":\#(interfaces),"ips":\#(addresses),"# + rest),
        (.v110, #"{"cniVersion":"1.1.0","interfaces":\#(newInterfaces),"ips":\#(addresses),"# + rest),
    ])
    func `a result is printed as its version has it`(version: CNIVersion, document: String) throws {
        #expect(String(decoding: try full(version).json.serialized(), as: UTF8.self) == document)
    }

    @Test(arguments: CNIVersion.allCases)
    func `an empty result has its version and empty DNS`(version: CNIVersion) {
        #expect(
            String(decoding: CNIResult(version: version).json.serialized(), as: UTF8.self)
                == #"{"cniVersion":"\#(version.rawValue)","dns":{}}"#
        )
    }

    @Test func `version 0.2.0 has the first address of each family only`() throws {
        var result = CNIResult(version: .v020)
        for text in ["fd00::1/64", "10.0.0.1/8", "10.0.0.2/8", "fd00::2/64"] {
            result.append(CNIResult.Address(try #require(IPPrefix(text))))
        }
        #expect(
            String(decoding: result.json.serialized(), as: UTF8.self)
                == #"{"cniVersion":"0.2.0","ip6":{"ip":"fd00::1/64"},"ip4":{"ip":"10.0.0.1/8"},"dns":{}}"#
        )
    }

    @Test(arguments: CNIVersion.allCases.filter { $0 >= .v030 })
    func `what was printed is read again as a previous result`(version: CNIVersion) throws {
        let printed = try full(version)
        let result = try CNIResult(previous: printed.json, version: version)
        #expect(result.json == printed.json)
        let interfaces = try result.interfaces()
        #expect(interfaces.map(\.name) == ["tapab5768a3452", "eth0"])
        #expect(interfaces[1].mac == MACAddress("02:7c:1e:0b:52:3a"))
        #expect(interfaces.map(\.sandbox) == [nil, "/run/netns/x"])
        #expect(interfaces[1].mtu == (version == .v110 ? 1500 : nil))
        #expect(interfaces[1].socketPath == (version == .v110 ? "/run/vhost/x.sock" : nil))
        let addresses = try result.addresses()
        #expect(addresses.map(\.prefix.text) == ["10.47.255.249/12", "fd00:47::f9/64"])
        #expect(addresses.map(\.gateway) == [IPAddress("10.47.255.254"), IPAddress("fd00:47::fe")])
        #expect(addresses.map(\.interface) == [1, 1])
        #expect(
            try result.routes() == [
                Route(to: .default(.v4), via: IPAddress("10.47.255.254")),
                Route(to: try #require(IPPrefix("fd01::/16")), via: nil),
            ]
        )
        #expect(try result.dns().search == ["example.org"])
        #expect(try result.dns().options == ["ndots:5"])
        #expect(try result.dns().servers == [try #require(IPAddress("10.47.255.253"))])
    }

    /// A result of plugins that know more than we: unknown keys at every level, numbers that no Double holds.
    private static let foreign =
        #"{"cniVersion":"1.1.0","zeta":{"b":9007199254740993,"a":[123456789012345678901234567890,1.50,-0,1e400]},"#
        + #""ips":[{"x":null,"address":"10.0.0.2/24","version":"4","interface":0}],"#
        + #""interfaces":[{"sandbox":"/run/netns/x","name":"eth0","pciID":"0000:01:10.2","mac":"02:00:00:00:00:01","#
        + #""alias":{"z":1,"a":2}}],"routes":[{"priority":100,"dst":"0.0.0.0/0","table":254,"mtu":1400}],"#
        + #""dns":{"domain":"example.org","nameservers":["10.0.0.1"]},"alpha":true}"#

    @Test func `a previous result is kept whole: unknown keys, order and the text of numbers`() throws {
        let value = try JSONValue(parsing: Array(Self.foreign.utf8))
        let result = try CNIResult(previous: value, version: .v110)
        #expect(String(decoding: result.json.serialized(), as: UTF8.self) == Self.foreign)
    }

    @Test func `what is added to a previous result stands behind, and nothing else changes`() throws {
        var result = try CNIResult(previous: JSONValue(parsing: Array(Self.foreign.utf8)), version: .v110)
        #expect(result.append(.init(name: "tap0", mtu: 1400, sandbox: "/run/netns/x")) == 1)
        let expected = Self.foreign.replacing(
            #""alias":{"z":1,"a":2}}]"#,
            with: #""alias":{"z":1,"a":2}},{"name":"tap0","sandbox":"/run/netns/x","mtu":1400}]"#
        )
        #expect(String(decoding: result.json.serialized(), as: UTF8.self) == expected)
    }

    @Test func `a previous result is printed in the configuration's version`() throws {
        let text = #"{"a":1,"cniVersion":"0.4.0","dns":{}}"#
        let result = try CNIResult(previous: JSONValue(parsing: Array(text.utf8)), version: .v100)
        #expect(
            String(decoding: result.json.serialized(), as: UTF8.self)
                == #"{"cniVersion":"1.0.0","a":1,"dns":{}}"#
        )
    }

    @Test func `null and blank fields count as absent`() throws {
        let text =
            #"{"interfaces":[{"name":"a","mac":"","sandbox":"","mtu":null}],"ips":null,"routes":null,"dns":null}"#
        let result = try CNIResult(previous: JSONValue(parsing: Array(text.utf8)), version: .v100)
        #expect(try result.interfaces() == [CNIResult.Interface(name: "a")])
        #expect(try result.addresses() == [])
        #expect(try result.routes() == [])
        #expect(try result.dns() == DNS())
    }
}
