// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Foundation
import NetworkTypes
import PreparedInterface
import TestSupport
import Testing
import Yams

@Suite struct SeedTests {
    private let golden = Golden()

    private func interfaces(_ prepared: PreparedInterface...) -> [GuestInterface] {
        prepared.map { GuestInterface($0) }
    }

    private func guest(
        _ change: (inout GuestDescription) throws -> Void = { _ in }
    ) rethrows -> GuestDescription {
        var guest = GuestDescription(instanceID: "4a1c", hostname: "web")
        try change(&guest)
        return guest
    }

    private func check(_ seed: Seed, _ name: String) throws {
        for file in seed.files {
            let path = "\(name).\(file.path.split(separator: "/").last ?? "")"
            #expect(try golden.text(path, now: file.content) == file.content, "\(path)")
        }
    }

    @Test func `a prepared interface is told with its addresses, routes and resolver`() throws {
        let seed = try Seed(guest: guest(), interfaces: interfaces(.sample()))
        try check(seed, "static")
        #expect(seed["vendor-data"] == nil)
    }

    @Test func `keys, files and commands stand in the user-data`() throws {
        let seed = try Seed(
            guest: guest {
                $0.sshKeys = ["ssh-ed25519 AAAAC3 one@example", "ssh-rsa AAAAB3 two"]
                $0.files = [GuestFile(path: "/etc/motd", content: "hello\nworld\n", mode: 0o600)]
                $0.commands = [["echo", "a b", "$HOME"]]
            },
            interfaces: []
        )
        try check(seed, "settings")
    }

    @Test func `a gateway outside the network is on the link, and so are routes through it`() throws {
        var prepared = try PreparedInterface.sample()
        prepared.guest.addresses = [try present(IPPrefix("10.47.0.3/32"))]
        let gateway = try present(IPAddress("169.254.1.1"))
        prepared.guest.gateways = [.init(address: gateway, isOnLink: true, isDefault: true)]
        prepared.guest.routes = [
            Route(to: try present(IPPrefix("10.96.0.0/12")), via: gateway),
            Route(to: try present(IPPrefix("10.48.0.0/16")), via: nil),
        ]
        try check(try Seed(guest: guest(), interfaces: interfaces(prepared)), "on-link")
    }

    @Test func `the second interface has no default route where its value says so`() throws {
        let seed = try Seed(
            guest: guest(),
            interfaces: interfaces(.sample(), .sample(interface: "eth1", index: 1, tap: "tap3f2b"))
        )
        try check(seed, "two")
    }

    @Test func `the resolver of whoever asks wins, and DHCP may not change it`() throws {
        let seed = try Seed(
            guest: guest {
                $0.addressing = .dhcp
                $0.dns = DNS(servers: [try present(IPAddress("10.96.0.10"))], search: ["svc.cluster.local"])
            },
            interfaces: interfaces(.sample())
        )
        try check(seed, "dhcp")
    }

    @Test func `an interface without addresses asks DHCP where somebody answers`() throws {
        var prepared = try PreparedInterface.sample(dhcp: .pod)
        prepared.guest.addresses = []
        prepared.guest.gateways = []
        let text = try present(try Seed(guest: guest(), interfaces: interfaces(prepared))["network-config"])
        #expect(text.contains("dhcp4: true"))
        prepared.guest.dhcp = .nobody
        let other = try present(try Seed(guest: guest(), interfaces: interfaces(prepared))["network-config"])
        #expect(other.contains("dhcp4: false"))
    }

    @Test func `no network-config is written where the image is to find its network`() throws {
        let seed = try Seed(guest: guest { $0.addressing = .image }, interfaces: interfaces(.sample()))
        #expect(seed.files.map(\.path) == ["meta-data", "user-data"])
    }

    @Test(arguments: [
        "a\nusers: [root]", "\"quoted\"", "'", "{x: 1}", "- list", "yes", "null", "0123", "# no comment",
        "a: b",
        "ä😀\u{85}\u{2028}\u{7f}", "*alias", "&anchor", "!!python/object:os.system", "%TAG", "\u{0}\u{1}",
        " lead",
        "trail ", "", "multi\n\n  line\n", String(repeating: "long ", count: 100),
    ])
    func `no text breaks out of its place`(text: String) throws {
        let seed = try Seed(
            guest: guest {
                $0.hostname = text
                $0.sshKeys = [text]
                $0.files = [GuestFile(path: text, content: text)]
                $0.commands = [[text]]
            },
            interfaces: []
        )
        let meta = try present(try Yams.compose(yaml: present(seed["meta-data"])))
        #expect(meta["local-hostname"]?.scalar?.string == text)
        #expect(meta["public-keys"]?.sequence?[0].scalar?.string == text)
        let user = try present(try Yams.compose(yaml: present(seed["user-data"])))
        // One with dots is the whole name.
        #expect(user[text.contains(".") ? "fqdn" : "hostname"]?.scalar?.string == text)
        #expect(user["hostname"]?.tag.description == "tag:yaml.org,2002:str")
        #expect(user["write_files"]?.sequence?[0]["content"]?.scalar?.string == text)
        #expect(user["runcmd"]?.sequence?[0].sequence?[0].scalar?.string == text)
        #expect(user.mapping?.count == (text.contains(".") ? 6 : 4))
    }

    @Test func `the user's cloud-config is joined with ours: keys win, lists are appended`() throws {
        let seed = try Seed(
            guest: guest {
                $0.commands = [["ours"]]
                let text = """
                    #cloud-config
                    hostname: theirs
                    runcmd: [theirs, [a, b]]
                    write_files:
                      - {path: /x, permissions: 0644, defer: yes, content: "1"}
                    password: &p secret
                    again: *p
                    """
                $0.userData = UserText(text, from: "a test")
            },
            interfaces: []
        )
        try check(seed, "merged")
    }

    @Test(arguments: [
        "#!/bin/sh\necho hi\n", "#cloud-boothook\n", "what nobody knows", "<powershell>x</powershell>",
    ])
    func `other user-data is passed on as it is, and ours goes beside it`(text: String) throws {
        let seed = try Seed(guest: guest { $0.userData = UserText(text, from: "a test") }, interfaces: [])
        #expect(seed["user-data"] == text)
        #expect(seed["vendor-data"] == "#cloud-config\nhostname: \"web\"\n")
    }

    @Test(arguments: [
        "## template: jinja\n#cloud-config\n{}", "#cloud-config-archive\n- x", "#include http://x/\n",
    ])
    func `user-data whose settings only cloud-init can read is joined with ours in an archive`(
        text: String
    ) throws {
        // A text that has our boundaries in it can't break out.
        let text = text + "\n--=contrail-vm=0=\n--=contrail-vm=2=--\n"
        let seed = try Seed(guest: guest { $0.userData = UserText(text, from: "a test") }, interfaces: [])
        let archive = try present(seed["user-data"])
        #expect(
            archive.hasPrefix(
                "Content-Type: multipart/mixed; boundary=\"=contrail-vm=1=\"\nMIME-Version: 1.0\n\n"
            )
        )
        let parts = archive.components(separatedBy: "--=contrail-vm=1=")
        #expect(parts.count == 4 && parts[1].hasSuffix("\n\n\(text)\n"))
        #expect(parts[2].contains("\nMerge-Type: list(append)+dict(no_replace,recurse_list)+str()\n"))
        #expect(parts[2].hasSuffix("\n\n#cloud-config\nhostname: \"web\"\n\n"))
        #expect(seed["vendor-data"] == nil)
    }

    @Test(arguments: ["#cloud-config\n- a list", "#cloud-config\na: [", "#cloud-config\nplain"])
    func `cloud-config that is none is refused`(text: String) throws {
        #expect(throws: CloudInitError.self) {
            try Seed(guest: guest { $0.userData = UserText(text, from: "a test") }, interfaces: [])
        }
    }

    @Test func `cloud-config with nothing in it is all right`() throws {
        let seed = try Seed(
            guest: guest { $0.userData = UserText("#cloud-config\n", from: "a test") },
            interfaces: []
        )
        #expect(seed["user-data"] == "#cloud-config\nhostname: \"web\"\n")
    }
}
