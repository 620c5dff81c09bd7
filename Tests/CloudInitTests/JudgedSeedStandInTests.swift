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
        let scripts: [String]
        /// The name that the guest gives itself.
        let guestName: String

        enum CodingKeys: String, CodingKey {
            case instanceID = "instance-id"
            case hostname = "local-hostname"
            case guestName = "guest-name"
            case keys, problems, netplan, config, scripts
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
            let keys: [String]?
            let timezone: String?
            let hostname: String?
            let bootcmd: [[String]]?
            /// Whether cloud-init writes the file of hosts; nil where it is told how.
            let managesHosts: Bool?

            enum CodingKeys: String, CodingKey {
                case files = "write_files"
                case keys = "ssh_authorized_keys"
                case runcmd, timezone, hostname, bootcmd
                case managesHosts = "manage_etc_hosts"
            }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                files = try values.decodeIfPresent([File].self, forKey: .files)
                runcmd = try values.decodeIfPresent([[String]].self, forKey: .runcmd)
                keys = try values.decodeIfPresent([String].self, forKey: .keys)
                timezone = try values.decodeIfPresent(String.self, forKey: .timezone)
                hostname = try values.decodeIfPresent(String.self, forKey: .hostname)
                bootcmd = try? values.decodeIfPresent([[String]].self, forKey: .bootcmd)
                managesHosts = try? values.decodeIfPresent(Bool.self, forKey: .managesHosts)
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

    // MARK: - Names

    @Test func `a host name with dots is the whole name, as in a container`() throws {
        let whole = try verdict([]) { $0.hostname = "web.front.default.svc.cluster.local" }
        #expect(whole.problems == [] && whole.guestName == "web.front.default.svc.cluster.local")
        let short = try verdict([]) { $0.hostname = "web" }
        #expect(short.guestName == "web")
        let users = try verdict([]) {
            $0.hostname = "web.front"
            $0.userSettings = [UserText("prefer_fqdn_over_hostname: false", from: "a test")]
        }
        #expect(users.guestName == "web")
    }

    @Test func `hosts and the resolver's options are the pod's, unless the user says otherwise`() throws {
        let script = UserText("#!/bin/sh\n", from: "a test")
        for userData in [nil, script] {
            let verdict = try verdict([try PreparedInterface.sample()]) { guest in
                guest.userData = userData
                guest.files = [GuestFile(path: "/etc/hosts", content: "192.0.2.1 db\n")]
                guest.dns = DNS(
                    servers: [try present(IPAddress("10.96.0.10")), try present(IPAddress("fd00::10"))],
                    search: ["default.svc.cluster.local", "svc.cluster.local"],
                    options: ["ndots:5", "edns0"]
                )
            }
            #expect(verdict.problems == [] && verdict.config.managesHosts == false)
            #expect(verdict.config.files?.map(\.path) == ["/etc/hosts"])
            let command = try present(verdict.config.bootcmd?.first)
            #expect(
                command.last
                    == "nameserver 10.96.0.10\nnameserver fd00::10\nsearch default.svc.cluster.local svc.cluster.local\n"
                    + "options ndots:5 edns0\n"
            )
            // The command does what it says, with another folder in the place of /etc.
            let folder = try ScratchFolder()
            let line = command[2].replacingOccurrences(of: "/etc/", with: "\(folder.path)/")
            symlink("/nowhere", "\(folder.path)/resolv.conf")
            _ = try Programs.succeed("/bin/sh", ["-c", line] + command[3...])
            #expect(try String(contentsOfFile: "\(folder.path)/resolv.conf", encoding: .utf8) == command.last)
        }
        let others = try verdict([]) { guest in
            guest.userSettings = [
                UserText("manage_etc_hosts: localhost\nbootcmd: [[theirs]]", from: "a test")
            ]
            guest.files = [GuestFile(path: "/etc/resolv.conf", content: "")]
            guest.dns = DNS(servers: [], search: [], options: ["ndots:5"])
        }
        #expect(others.config.bootcmd == [["theirs"]] && others.config.managesHosts == nil)
    }

    // MARK: - The user's lists and ours

    private static let config =
        "#cloud-config\nruncmd: [[theirs]]\nwrite_files: [{path: /theirs}]\ntimezone: Europe/Rome\n"
    private static let mime = """
        Content-Type: multipart/mixed; boundary="=contrail-vm=0="
        MIME-Version: 1.0

        --=contrail-vm=0=
        Content-Type: text/cloud-config; charset="us-ascii"
        MIME-Version: 1.0
        Content-Transfer-Encoding: 7bit

        \(config)
        --=contrail-vm=0=
        Content-Type: text/x-shellscript; charset="us-ascii"

        #!/bin/sh
        echo theirs
        --=contrail-vm=0=--
        """

    /// Forms of user-data that have the user's lists in them.
    static let forms: [(name: String, text: String)] = [
        ("plain", config), ("blank first lines", "\n \n\(config)"),
        ("another case", config.replacingOccurrences(of: "#cloud-config", with: "#Cloud-CONFIG")),
        ("a comment behind it", config.replacingOccurrences(of: "#cloud-config", with: "#cloud-config mine")),
        ("another line end", config.replacingOccurrences(of: "\n", with: "\r\n")),
        ("a MIME archive", mime),
        ("a MIME archive from a mailbox", "From nobody Mon Jan  1 00:00:00 2024\n" + mime),
        ("a MIME archive with other line ends", mime.replacingOccurrences(of: "\n", with: "\r\n")),
        (
            "a MIME archive in small letters",
            mime.replacingOccurrences(of: "MIME-Version", with: "mime-version")
        ),
        ("one part in MIME", "MIME-Version: 1.0\nContent-Type: text/cloud-config\n\n\(config)"),
        (
            "an archive",
            "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    "
                + config.replacingOccurrences(of: "\n", with: "\n    ") + "\n"
        ),
        ("a template", "## template: jinja\n\(config)"),
        (
            "a patch",
            "#cloud-config-jsonp\n"
                + #"[{"op": "add", "path": "/runcmd", "value": [["theirs"]]}, "#
                + #"{"op": "add", "path": "/write_files", "value": [{"path": "/theirs"}]}, "#
                + #"{"op": "add", "path": "/timezone", "value": "Europe/Rome"}]"#
        ),
        ("words of a mail in it", config + "bootcmd: ['mime-version: 1.0']\n"),
    ]

    @Test(arguments: forms.map(\.name), Seed.Layout.allCases)
    func `the user's lists and ours are both kept, whatever form they are in`(
        name: String,
        layout: Seed.Layout
    ) throws {
        let text = try present(Self.forms.first { $0.name == name }?.text)
        let verdict = try verdict([]) { guest in
            guest.layout = layout
            guest.userData = UserText(text, from: "a test")
            guest.userSettings = [UserText("runcmd: [[settings]]\ntimezone: UTC", from: "a test")]
            guest.commands = [["ours"]]
            guest.files = [GuestFile(path: "/ours", content: "é")]
        }
        #expect(verdict.problems == [])
        #expect(verdict.config.runcmd == [["theirs"], ["settings"], ["ours"]])
        #expect(verdict.config.files?.map(\.path) == ["/theirs", "/ours"])
        #expect(verdict.config.keys == ["ssh-ed25519 AAAA one"] && verdict.config.hostname == "web")
        // Joined here, the later document's value counts; joined by cloud-init, the whole user-data's does.
        let isJoinedHere = UserDataForms.areSettings(name)
        #expect(verdict.config.timezone == (isJoinedHere ? "UTC" : "Europe/Rome"))
        #expect(verdict.scripts.contains { $0.contains("echo theirs") } == name.hasPrefix("a MIME"))
    }

    private enum UserDataForms {
        static func areSettings(_ name: String) -> Bool {
            !name.contains("MIME") && !["an archive", "a template", "a patch"].contains(name)
        }
    }

    @Test func `a text beyond ASCII arrives whole in an archive`() throws {
        let verdict = try verdict([]) { guest in
            guest.userData = UserText(
                "## template: jinja\n#cloud-config\ntimezone: Zürich/€\n",
                from: "a test"
            )
            guest.commands = [["ours"]]
        }
        #expect(verdict.config.timezone == "Zürich/€" && verdict.config.runcmd == [["ours"]])
    }

    @Test func `a script is passed on byte by byte, with settings beside it`() throws {
        for script in ["#!/bin/sh\necho theirs\n", "\n#!/bin/sh\necho theirs\n"] {
            let verdict = try verdict([]) { guest in
                guest.userData = UserText(script, from: "a test")
                guest.commands = [["ours"]]
            }
            #expect(verdict.config.runcmd == [["ours"]])
            #expect(verdict.scripts.count == 1 && verdict.scripts[0].contains("echo theirs"))
        }
    }

    @Test func `the judge finds fault with what is wrong`() throws {
        let verdict = try verdict([]) {
            $0.userSettings = [UserText("write_files: [{path: /x, bogus: 1}]", from: "a test")]
        }
        #expect(!verdict.problems.isEmpty)
    }
}
