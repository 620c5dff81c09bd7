// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Foundation
import NetworkTypes
import PreparedInterface
import TestSupport
import Testing

/// Seeds as Debian's cloud-init reads them; see judge/judge.py.
@Suite struct JudgedSeedStandInTests {
    /// What the judge tells.
    private struct Verdict: Decodable {
        let instanceID: String
        let hostname: String
        let keys: [String]
        let problems: [String]
        let netplan: Netplan?
        let config: Config

        enum CodingKeys: String, CodingKey {
            case instanceID = "instance-id"
            case hostname = "local-hostname"
            case keys, problems, netplan, config
        }
        struct Netplan: Decodable { let network: Network }
        struct Network: Decodable { let ethernets: [String: Ethernet] }
        struct Ethernet: Decodable {
            let addresses: [String]?
            let gateway4: String?
            let gateway6: String?
            let mtu: Int
            let match: [String: String]
            let routes: [Route]?
            let nameservers: [String: [String]]?
            let dhcp4: Bool?
        }
        struct Route: Decodable {
            let to: String
            let via: String
        }
        struct Config: Decodable {
            let files: [File]?
            let runcmd: [[String]]?

            enum CodingKeys: String, CodingKey {
                case files = "write_files"
                case runcmd
            }
        }
        struct File: Decodable {
            let path: String
            let permissions: String?
        }
    }

    private func verdict(
        _ interfaces: [PreparedInterface],
        _ change: (inout GuestDescription) throws -> Void
    ) throws -> Verdict {
        var guest = GuestDescription(instanceID: "4a1c", hostname: "web", sshKeys: ["ssh-ed25519 AAAA one"])
        try change(&guest)
        let seed = try Seed(guest: guest, interfaces: interfaces.map { GuestInterface($0) })
        let folder = try ScratchFolder()
        for file in seed.files { _ = try folder.file(file.path, file.content) }
        guard let modules = Programs.variable("CONTRAIL_VM_CLOUD_INIT") else {
            throw Programs.Missing(what: "CONTRAIL_VM_CLOUD_INIT, the folder that tools/cloud-init prints")
        }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/judge/judge.py"
        let output = try Programs.succeed(
            "/usr/bin/python3",
            [script, folder.path] + interfaces.map { "\($0.guest.mac.text)=\($0.key.interface.text)" },
            environment: ["PYTHONPATH": modules, "PYTHONDONTWRITEBYTECODE": "1"]
        )
        return try JSONDecoder().decode(Verdict.self, from: Data(output.utf8))
    }

    private enum Form: CaseIterable {
        case v1, v2, drive

        func apply(_ guest: inout GuestDescription) {
            switch self {
            case .v1: guest.networkVersion = .v1
            case .v2: guest.networkVersion = .v2
            case .drive: guest.layout = .configDrive
            }
        }
    }

    @Test(arguments: Form.allCases)
    private func `in each form the network is the same`(form: Form) throws {
        var first = try PreparedInterface.sample()
        first.guest.routes = [
            Route(to: try present(IPPrefix("10.96.0.0/12")), via: try present(IPAddress("10.47.0.1"))),
            Route(to: try present(IPPrefix("fd48::/48")), via: try present(IPAddress("fd47::1"))),
        ]
        let second = try PreparedInterface.sample(interface: "eth1", index: 1, tap: "tap3f2b")
        let verdict = try verdict([first, second]) { guest in
            form.apply(&guest)
            guest.dns = DNS(servers: [try present(IPAddress("10.96.0.10"))], search: ["svc.cluster.local"])
        }
        #expect(verdict.problems == [])
        #expect(
            verdict.instanceID == "4a1c" && verdict.hostname == "web"
                && verdict.keys == ["ssh-ed25519 AAAA one"]
        )
        let ethernets = try present(verdict.netplan).network.ethernets
        let eth0 = try present(ethernets["eth0"])
        #expect(eth0.match == ["macaddress": "02:00:00:00:00:10"] && eth0.mtu == 1450)
        #expect(eth0.addresses == ["10.47.0.3/24", "fd47::3/64"])
        var routes = (eth0.routes ?? []).map { "\($0.to) \($0.via)" }
        if let gateway = eth0.gateway4 { routes.append("0.0.0.0/0 \(gateway)") }
        if let gateway = eth0.gateway6 { routes.append("::/0 \(gateway)") }
        #expect(
            routes.sorted() == [
                "0.0.0.0/0 10.47.0.1", "10.96.0.0/12 10.47.0.1", "::/0 fd47::1", "fd48::/48 fd47::1",
            ]
        )
        #expect(eth0.nameservers == ["addresses": ["10.96.0.10"], "search": ["svc.cluster.local"]])
        let eth1 = try present(ethernets["eth1"])
        let others = eth1.routes?.count ?? 0
        #expect(eth1.addresses == ["10.47.0.4/24", "fd47::4/64"] && others == 0)
        #expect(eth1.gateway4 == nil && eth1.gateway6 == nil)
    }

    @Test(arguments: Form.allCases)
    private func `in each form DHCP is asked where that is wanted`(form: Form) throws {
        let interface = try PreparedInterface.sample()
        let verdict = try verdict([interface]) { guest in
            form.apply(&guest)
            guest.addressing = .dhcp
        }
        let eth0 = try present(verdict.netplan?.network.ethernets["eth0"])
        #expect(eth0.dhcp4 == true)
        let addresses = eth0.addresses ?? []
        #expect(addresses.isEmpty)
    }

    @Test(arguments: Seed.Layout.allCases)
    func `the settings are valid by cloud-init's own schema, as user-data and as vendor-data`(
        layout: Seed.Layout
    ) throws {
        for script in [nil, UserText("#!/bin/sh\n", from: "a test")] {
            let verdict = try verdict([]) { guest in
                guest.layout = layout
                guest.userData = script
                guest.userSettings = [UserText("runcmd: [[theirs]]", from: "a test")]
                guest.commands = [["ours"]]
                guest.bootScripts = [BootScript(name: "10-mounts", text: "#!/bin/sh\n")]
                guest.files = [GuestFile(path: "/a", bytes: [0, 255], mode: 0o400)]
                guest.files += [try present(GuestFile.environment([(name: "A", value: "b c")]))]
            }
            #expect(verdict.problems == [])
            #expect(verdict.config.runcmd == [["theirs"], ["ours"]])
            let files = (verdict.config.files ?? []).map { "\($0.path) \($0.permissions ?? "")" }
            #expect(
                files == [
                    "/a 0400", "/etc/cloud/environment 0644",
                    "/var/lib/cloud/scripts/per-boot/10-mounts 0755",
                ]
            )
        }
    }

    @Test func `the judge finds fault with what is wrong`() throws {
        let verdict = try verdict([]) {
            $0.userSettings = [UserText("write_files: [{path: /x, bogus: 1}]", from: "a test")]
        }
        #expect(!verdict.problems.isEmpty)
    }
}
