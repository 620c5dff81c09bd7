// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import JSON
import NetworkTypes
import PreparedInterface
import TestSupport
import Testing
import Yams

@Suite struct LayoutTests {
    private let golden = Golden()

    private func seed(
        _ interfaces: PreparedInterface...,
        change: (inout GuestDescription) throws -> Void
    ) throws -> Seed {
        var guest = GuestDescription(instanceID: "4a1c", hostname: "web")
        try change(&guest)
        return try Seed(guest: guest, interfaces: interfaces.map { GuestInterface($0) })
    }

    private func check(_ seed: Seed, _ name: String) throws {
        for file in seed.files {
            let path = "\(name).\(file.path.split(separator: "/").last ?? "")"
            #expect(try golden.text(path, now: file.content) == file.content, "\(path)")
        }
    }

    private func routed() throws -> PreparedInterface {
        var prepared = try PreparedInterface.sample()
        let v4 = try present(IPAddress("10.47.0.1"))
        let v6 = try present(IPAddress("fd47::1"))
        prepared.guest.routes = [
            Route(to: try present(IPPrefix("10.96.0.0/12")), via: v4),
            Route(to: try present(IPPrefix("fd48::/48")), via: v6),
        ]
        return prepared
    }

    @Test func `a ConfigDrive has OpenStack's files under its label`() throws {
        let prepared = try routed()
        let seed = try seed(prepared, .sample(interface: "eth1", index: 1, tap: "tap3f2b")) {
            $0.layout = .configDrive
            $0.sshKeys = ["ssh-ed25519 AAAA one"]
            $0.commands = [["true"]]
        }
        #expect(seed.volumeLabel == "config-2")
        #expect(
            seed.files.map(\.path) == [
                "openstack/latest/meta_data.json", "openstack/latest/user_data",
                "openstack/latest/network_data.json",
            ]
        )
        try check(seed, "drive")
        let noCloud = try self.seed(prepared) { _ in }
        #expect(noCloud.volumeLabel == "cidata")
    }

    @Test func `settings beside a user's script are the vendor's, on a ConfigDrive in JSON`() throws {
        let seed = try seed {
            $0.layout = .configDrive
            $0.userData = UserText("#!/bin/sh\n", from: "a test")
        }
        #expect(seed["openstack/latest/user_data"] == "#!/bin/sh\n")
        let text = try present(seed["openstack/latest/vendor_data.json"])
        let json = try JSONValue(parsing: Array(text.utf8))
        #expect(json.object?["cloud-init"]?.string == "#cloud-config\nhostname: \"web\"\n")
    }

    @Test func `version 1 tells addresses, routes, MTU and resolver`() throws {
        let prepared = try routed()
        let seed = try seed(prepared) { $0.networkVersion = .v1 }
        #expect(
            try golden.text("v1.network-config", now: present(seed["network-config"]))
                == seed["network-config"]
        )
    }

    @Test func `version 1 asks DHCP, or leaves the interface alone`() throws {
        var prepared = try PreparedInterface.sample(dhcp: .pod)
        let asking = try seed(prepared) {
            $0.networkVersion = .v1
            $0.addressing = .dhcp
        }
        #expect(try present(asking["network-config"]).contains("type: \"dhcp4\""))
        prepared.guest.addresses = []
        prepared.guest.dhcp = .nobody
        let silent = try seed(prepared) { $0.networkVersion = .v1 }
        #expect(try present(silent["network-config"]).contains("type: \"manual\""))
    }

    @Test(arguments: Seed.Layout.allCases)
    func `a gateway outside the network is refused where no word can tell it`(layout: Seed.Layout) throws {
        var prepared = try PreparedInterface.sample()
        prepared.guest.addresses = [try present(IPPrefix("10.47.0.3/32"))]
        let gateway = try present(IPAddress("169.254.1.1"))
        prepared.guest.gateways = [.init(address: gateway, isOnLink: true, isDefault: true)]
        let interface = prepared
        let error = #expect(throws: CloudInitError.self) {
            try seed(interface) {
                $0.layout = layout
                $0.networkVersion = .v1
            }
        }
        #expect(error?.reason.contains("0.0.0.0/0") == true)
    }

    @Test func `the user's meta-data replaces ours key by key, in either layout`() throws {
        let text = """
            {"local-hostname": "theirs", "public-keys": ["k"], "role": {"n": 1, "f": 1.5, "on": true, "no": null, "s": "1"}}
            """
        let noCloud = try seed {
            $0.sshKeys = ["ours"]
            $0.metaData = UserText(text, from: "a test")
        }
        let meta = try present(try Yams.compose(yaml: present(noCloud["meta-data"])))
        #expect(meta["local-hostname"]?.string == "theirs" && meta["instance-id"]?.string == "4a1c")
        #expect(
            meta["public-keys"]?.sequence?.count == 1 && meta["role"]?["s"]?.scalar?.style == .doubleQuoted
        )
        let drive = try seed {
            $0.layout = .configDrive
            $0.sshKeys = ["ours"]
            $0.metaData = UserText(text, from: "a test")
        }
        let json = try present(drive["openstack/latest/meta_data.json"])
        let object = try present(try JSONValue(parsing: Array(json.utf8)).object)
        #expect(object["hostname"]?.string == "theirs" && object["uuid"]?.string == "4a1c")
        let role = try present(object["role"]?.object)
        #expect(role["n"]?.integer == 1 && role["f"] == .number("1.5") && role["on"]?.bool == true)
        #expect(role["no"]?.isNull == true && role["s"]?.string == "1")
    }

    @Test(arguments: [
        "- a list", "instance-id: [a]", "local-hostname: {}", "instance-id:", "a: [", "{a: 1, a: 2}",
    ])
    func `meta-data that can't be meant is refused by its source`(text: String) {
        let error = #expect(throws: CloudInitError.self) {
            try seed { $0.metaData = UserText(text, from: "the annotation VirtletCloudInitMetaData") }
        }
        #expect(error?.description.contains("the annotation VirtletCloudInitMetaData") == true)
    }
}
