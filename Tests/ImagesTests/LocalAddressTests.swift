// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import NetworkTypes
import Testing

@testable import Images

@Suite struct LocalAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("169.254.169.254", "link-local"),
        ("0.0.0.0", "0.0.0.0/8"), ("0.1.2.3", "0.0.0.0/8"), ("::", "unspecified"), ("::1", "loopback"),
        ("fe80::1", "link-local"), ("febf::1", "link-local"), ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.1.1", "link-local"), ("::ffff:0.0.0.0", "0.0.0.0/8"), ("::127.0.0.1", "loopback"),
        ("::ffff:0:127.0.0.1", "loopback"), ("64:ff9b::127.0.0.1", "loopback"),
        ("64:ff9b:1::169.254.169.254", "link-local"), ("2002:7f00:1::", "loopback"),
        ("2002:a9fe:a9fe::1", "link-local"),
    ])
    func `local addresses are known in all their forms`(text: String, words: String) throws {
        let address = try #require(IPAddress(text))
        #expect(LocalAddress.kind(of: address)?.contains(words) == true)
        #expect(LocalAddressRefusal(address, port: 80, allowed: []) != nil)
    }

    @Test(arguments: [
        "10.0.0.1", "192.168.0.1", "1.0.0.0", "126.255.255.255", "128.0.0.1", "169.253.1.1", "169.255.1.1",
        "2001:db8::1", "fec0::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::",
    ])
    func `others are not`(text: String) throws {
        #expect(LocalAddress.kind(of: try #require(IPAddress(text))) == nil)
    }

    @Test(
        arguments: [
            ("127.0.0.1:8088", "127.0.0.1", 8088, true), ("127.0.0.1:8088", "127.0.0.1", 9091, false),
            ("127.0.0.1", "::ffff:127.0.0.1", 9091, true),
            ("127.0.0.1:8088", "::ffff:127.0.0.1", 9091, false),
            ("::1", "127.0.0.1", 80, false), ("127.0.0.0/8", "127.3.2.1", 80, true), ("::1", "::1", 80, true),
        ] as [(String, String, UInt16, Bool)]
    )
    func `what the operator allows is allowed, and its port alone`(
        allowed: String,
        address: String,
        port: UInt16,
        isAllowed: Bool
    ) throws {
        let (range, address) = (try #require(EndpointRange(allowed)), try #require(IPAddress(address)))
        #expect((LocalAddressRefusal(address, port: port, allowed: [range]) == nil) == isAllowed)
    }

    @Test func `a refusal says what to configure`() throws {
        let address = try #require(IPAddress("::ffff:127.0.0.1"))
        let refusal = try #require(LocalAddressRefusal(address, port: 80, allowed: []))
        #expect(
            refusal.cause("evil.example")
                == "evil.example is at ::ffff:127.0.0.1, a loopback address, and images don't come from there"
        )
        #expect(refusal.advice.contains("add 127.0.0.1:80 to image-local-addresses"))
    }

    @Test(
        arguments: [
            (["https_proxy": "http://p"], "https://a/", "http://p"),
            (["https_proxy": "http://p"], "http://a/", nil),
            (["HTTP_PROXY": "http://p"], "http://a/", "http://p"),
            (["all_proxy": "socks5://p"], "http://a/", "socks5://p"),
            (["http_proxy": "http://p", "no_proxy": "b, a"], "http://a/", nil),
            (["http_proxy": "http://p", "NO_PROXY": "*"], "http://a/", nil),
            (["http_proxy": "http://p", "no_proxy": ".x.org"], "http://a.X.org/", nil),
            (["http_proxy": "http://p", "no_proxy": "x.org"], "http://ax.org/", "http://p"),
            (["http_proxy": "http://p", "no_proxy": "10.0.0.0/8"], "http://10.1.2.3/", nil),
            (["http_proxy": "http://p", "no_proxy": "10.0.0.0/8"], "http://11.1.2.3/", "http://p"),
            (["http_proxy": "http://p", "no_proxy": "[::1]"], "http://[::1]:80/", nil),
            ([:], "http://a/", nil),
        ] as [([String: String], String, String?)]
    )
    func `a proxy is chosen as libcurl would`(
        environment: [String: String],
        url: String,
        proxy: String?
    ) throws {
        let choice = ProxyChoice { environment[$0] }
        #expect(choice.proxy(for: try DownloadURL(url), TransportProfile()) == proxy)
        var profile = TransportProfile()
        profile.proxy = "http://q"
        #expect(choice.proxy(for: try DownloadURL(url), profile) == "http://q")
    }

    @Test func `names of this node are known without asking anybody`() {
        for host in ["localhost", "LOCALHOST.", "a.localhost"] {
            #expect(HostLookup.addresses(of: host, seconds: 0)?.map(\.text) == ["127.0.0.1"])
        }
        #expect(HostLookup.addresses(of: "[fe80::1%25lo]", seconds: 0)?.map(\.text) == ["fe80::1"])
    }
}

/// The server is a script of ours on the loopback.
@Suite struct LocalAddressStandInTests {
    private let lab: ImageLab

    init() throws {
        lab = try ImageLab()
        try lab.image("x")
    }

    private func failure(
        _ url: String,
        profile: String = "{}",
        allowed: [String] = []
    ) async throws -> ImageError {
        let name = try lab.translate(url, profile: profile)
        let store = try lab.store { $0.localAddresses = allowed.compactMap { EndpointRange($0) } }
        return await lab.failure { try await ImagePuller(store).pull(name) }
    }

    @Test func `a server on the loopback is not asked, however it is written`() async throws {
        for host in [
            "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "0", "[::1]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.2", "[::]",
        ] {
            let error = try await failure("http://\(host):\(lab.port)/ok/x")
            #expect(error.code == .refused, "\(error)")
            #expect(error.cause.contains("images don't come from there"), "\(error)")
            #expect(error.advice?.contains("image-local-addresses") == true)
        }
        #expect(lab.log.isEmpty)
    }

    @Test func `what is configured is asked, at its port alone`() async throws {
        let name = try lab.translate("http://127.0.0.1:\(lab.port)/ok/x")
        let range = try #require(EndpointRange("127.0.0.1:\(lab.port)"))
        _ = try await ImagePuller(lab.store { $0.localAddresses = [range] }).pull(name)
        #expect(lab.log.count == 1)
        let error = try await failure("http://127.0.0.1:1/ok/x", allowed: ["127.0.0.1:\(lab.port)"])
        #expect(error.code == .refused)
    }

    @Test func `a redirect to the loopback is not followed, and named`() async throws {
        let there = lab.encoded("http://127.0.0.2:\(lab.port)/ok/secret?token=t")
        let error = try await failure("http://127.0.0.1:\(lab.port)/to/\(there)", allowed: ["127.0.0.1"])
        #expect(error.code == .refused)
        #expect(error.cause.contains("redirected to http://127.0.0.2:\(lab.port)/ok/secret?…"), "\(error)")
        #expect(error.cause.contains("127.0.0.2 is a loopback address"), "\(error)")
        #expect(lab.log.count == 1)
    }

    @Test func `a proxy is not asked for a local address either`() async throws {
        let proxy = "{proxy: \"http://127.0.0.1:\(lab.port)\"}"
        for host in ["127.0.0.1", "localhost", "x.localhost", "[::ffff:127.0.0.1]", "169.254.169.254"] {
            let error = try await failure("http://\(host)/ok/x", profile: proxy)
            #expect(error.code == .refused, "\(error)")
        }
        #expect(lab.log.isEmpty)
    }

    @Test func `what SOCKS is told to connect to is judged by us`() async throws {
        let error = try await failure(
            "http://localhost:\(lab.port)/ok/x",
            profile: "{proxy: \"socks5://127.0.0.1:\(lab.port)\"}"
        )
        #expect(error.code == .refused, "\(error)")
        #expect(lab.log.isEmpty)
    }
}
