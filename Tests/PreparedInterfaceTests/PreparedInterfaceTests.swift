// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import NetworkTypes
import Testing

@testable import PreparedInterface

@Suite struct PreparedInterfaceTests {
    private func error(_ json: JSONValue) -> JSONError? {
        do throws(JSONError) {
            _ = try PreparedInterface(json: json)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Golden.allCases)
    func `a record is read and written again byte for byte`(golden: Golden) throws {
        let interface = try golden.interface()
        var text = try golden.text()
        if golden.isOfSchema1 { text = text.replacing(#""schema":1,"#, with: #""schema":2,"#) }
        #expect(String(decoding: interface.json.serialized(), as: UTF8.self) + "\n" == text)
    }

    @Test func `a container's record is what it says`() throws {
        let interface = try Golden.veth.interface()
        #expect(interface.key.containerID.text == "c0ffee")
        #expect(interface.key.interface.text == "eth0")
        #expect(interface.owner.text == "container-runtime")
        #expect(interface.network.virtualNetwork == "default-domain:k8s-default:k8s-default-pod-network")
        #expect(interface.pod.name == "web")
        #expect(interface.bootID.text == "5f8f4d6e-6a0b-4f0e-9d9a-0f5b6a7c8d9e")
        #expect(interface.guest.mac == MACAddress("02:7c:1e:0b:52:3a"))
        #expect(interface.guest.mtu == 1500)
        #expect(interface.guest.addresses == [IPPrefix("10.47.255.249/12")])
        #expect(interface.guest.gateways.map(\.isDefault) == [true])
        #expect(interface.guest.gateways.map(\.isOnLink) == [false])
        #expect(interface.guest.dhcp == .agent)
        let pod = NamespaceReference.pod(path: "/run/netns/x", device: 4, inode: 4_026_532_301)
        #expect(interface.attachment == .veth(.init(host: InterfaceName("tapab5768a3452"), namespace: pod)))
        #expect(
            interface.created == [
                .link(name: try #require(InterfaceName("tapab5768a3452")), namespace: .host)
            ]
        )
        #expect(interface.former == nil)
        #expect(interface.port?.vmName == "k8s__default__web")
        #expect(interface.port?.kind == .vm)
    }

    @Test func `a vhost-user record says where the socket is and who listens`() throws {
        let interface = try Golden.vhostUser.interface()
        let path = "/var/run/vrouter/uvh_vif_\(try #require(interface.port).systemName)"
        #expect(
            interface.attachment
                == .vhostUser(.init(path: path, listener: .guest, mostQueues: 4, ownerUID: 64_200))
        )
        #expect(interface.created.first == .file(path: path))
        #expect(interface.port?.kind == .port)
        #expect(interface.bandwidth == nil && interface.addedWith == interface.key.interface)
    }

    @Test func `sub-interfaces say who carries them, and that nobody was told`() throws {
        let pod = NamespaceReference.pod(path: "/run/netns/x", device: 4, inode: 4_026_532_301)
        let parent = try #require(InterfaceName("eth0"))
        let vlan = try Golden.vlan.interface()
        #expect(vlan.attachment == .vlan(.init(parent: parent, tag: 300, namespace: pod)))
        #expect(vlan.port == nil && vlan.subInterface?.vmi == vlan.vmi)
        #expect(vlan.attachment.tag == 300 && vlan.attachment.podNamespace == pod)
        let macvlan = try Golden.macvlan.interface()
        let host = try #require(InterfaceName("vlan5a3452ab576"))
        let expected = Attachment.Macvlan(host: host, parent: parent, tag: 100, namespace: pod)
        #expect(macvlan.attachment == .macvlan(expected))
        #expect(macvlan.created == [.link(name: host, namespace: .host)])
        #expect(macvlan.vmi == UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002"))
        for tag in [0, 4095, -1] {
            for golden in [Golden.vlan, .macvlan] {
                let error = error(try golden.json().replacing("attachment.tag", with: .integer(tag)))
                guard case .field("attachment.tag", _) = error else {
                    Issue.record("tag \(tag): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test func `limits and the ADD of another name are kept`() throws {
        let interface = try Golden.limited.interface()
        #expect(interface.key.interface.text == "net1" && interface.addedWith.text == "eth0")
        #expect(interface.bandwidth?.ingress == .init(rate: 100_000_000, burst: 1_000_000))
        #expect(interface.bandwidth?.egress == .init(rate: 50_000_000, burst: 500_000))
    }

    @Test func `a redirect's record keeps what it replaced`() throws {
        let (redirect, veth) = (try Golden.redirect.interface(), try Golden.veth.interface())
        #expect(
            redirect.former == .init(attachment: veth.attachment, created: veth.created, owner: veth.owner)
        )
        #expect(redirect.port == veth.port)
        guard case .tap(let tap) = redirect.attachment else {
            Issue.record("no tap")
            return
        }
        #expect(tap.joinedBy == .redirect)
        #expect(tap.mostQueues == 256)
        #expect(tap.ownerUID == 64_200)
        #expect(tap.isMultiQueue && tap.hasVnetHeader)
        #expect(redirect.created.count == 2)
    }

    // Fields that are missing or wrong

    /// May be absent; all others must be there.
    private static let optional: Set<String> = [
        "network.virtualNetwork", "pod.uid", "attachment.host", "former.attachment.host", "former", "port",
        "guest.routes[1].gateway", "guest.routes[0].gateway", "addedWith", "bandwidth",
        "subInterface",
    ]

    private func isOptional(_ path: String, in golden: Golden) -> Bool {
        switch (golden, path) {
        // A VLAN without a namespace is the guest's own matter.
        case (.vlan, "attachment.namespace"): true
        case (.macvlan, "attachment.host"): false
        default: Self.optional.contains(path)
        }
    }

    @Test(arguments: Golden.allCases)
    func `every field that is removed, or null, is named`(golden: Golden) throws {
        let json = try golden.json()
        for path in paths(json) {
            for replacement in [nil, JSONValue.null] {
                let error = error(json.replacing(path, with: replacement))
                if isOptional(path, in: golden) {
                    #expect(error == nil, "\(path)")
                } else {
                    #expect(error == .field(path: path, reason: "is missing"), "\(path)")
                }
            }
        }
    }

    @Test(arguments: Golden.allCases)
    func `every field of a wrong type is named`(golden: Golden) throws {
        let json = try golden.json()
        let others: [JSONValue] = [
            .bool(true), .integer(-1), .number("1.5"), .string(""), .array([.null]), .object(JSONObject()),
        ]
        for path in paths(json) {
            let value = try #require(json.value(path))
            for other in others where other.kind != value.kind {
                guard case .field(let named, _) = error(json.replacing(path, with: other)) else {
                    // A pod's namespace is an object, the node's a word; an empty word is neither.
                    Issue.record("\(path) = \(other) is taken")
                    continue
                }
                // An object in the place of an object's field is missing its own fields.
                #expect(
                    named == path || named.hasPrefix(path + ".") && other.object != nil,
                    "\(path): \(named)"
                )
            }
        }
    }

    @Test(arguments: [
        ("containerID", "../x"), ("containerID", ""), ("interface", "a/b"), ("interface", "0123456789abcdef"),
        ("owner", ""),
        ("owner", "a b"), ("owner", "0123456789012345678901234567890123456789012345678901234567890123"),
        ("bootID", ""), ("guest.mac", "0:0"), ("guest.mac", "00:00:00:00:00:00"),
        ("guest.mac", "01:00:5e:00:00:01"),
        ("guest.dhcp", "x"), ("guest.gateways[0].address", "10.0.0.1/8"),
        ("guest.routes[0].destination", "10.0.0.1"),
        ("guest.routes[0].gateway", "x"), ("attachment.type", "macvtap"), ("attachment.name", "a b"),
        ("attachment.namespace", "pod"), ("attachment.namespace", ""), ("attachment.joinedBy", "bridge"),
        ("created[0].type", "socket"), ("created[0].name", ".."), ("created[0].namespace", "x"),
        ("port.kind", "x"),
        ("port.vm", "B0F5A0E4-1F7C-4A7E-8A0E-0D9E5B7F1C11"),
        ("port.vmi", "00000000-0000-0000-0000-000000000000"),
        ("port.vn", ""), ("port.vmName", "../../x"), ("port.vmName", ""), ("port.file", "vm/x"),
        ("port.vmName", String(repeating: "x", count: 256)),
        ("pod.name", "../../x"), ("pod.name", ".web"), ("pod.namespace", "a/b"), ("pod.cluster", "a\n"),
        ("port.file", ""),
    ])
    func `a text out of range is named`(path: String, text: String) throws {
        let json = try Golden.dualStack.json()
        try #require(json.value(path)?.string != nil)
        guard case .field(path, _) = error(json.replacing(path, with: .string(text))) else {
            Issue.record(
                "\(path) = \(text): \(String(describing: error(json.replacing(path, with: .string(text)))))"
            )
            return
        }
    }

    @Test(arguments: [
        ("schema", [0, 3, -1]), ("index", [-1, 4096]), ("guest.mtu", [67, 65_536, 0, -1]),
        ("attachment.mostQueues", [0, 257, -1]), ("attachment.ownerUID", [-1, 4_294_967_296]),
    ])
    func `a number out of range is named`(path: String, numbers: [Int]) throws {
        for number in numbers {
            guard
                case .field(path, _) = error(
                    try Golden.dualStack.json().replacing(path, with: .integer(number))
                )
            else {
                Issue.record("\(path) = \(number)")
                continue
            }
        }
    }

    @Test func `a namespace out of range is named`() throws {
        let json = try Golden.redirect.json()
        for (path, value) in [
            ("attachment.namespace.path", JSONValue.string("netns/x")),
            ("attachment.namespace.path", .string("/x\0y")),
            ("attachment.namespace.device", .integer(-1)), ("created[1].namespace.inode", .integer(-1)),
            ("former.attachment.namespace.inode", .number("99999999999999999999")),
            ("created[1].device", .string("a/b")),
        ] {
            guard case .field(path, _) = error(json.replacing(path, with: value)) else {
                Issue.record("\(path) = \(value)")
                continue
            }
        }
    }

    @Test(arguments: [
        ("guest.addresses", "10.0.0.1"), ("guest.addresses", "10.0.0.1/33"),
        ("guest.dns.servers", "10.0.0.1/8"),
        ("guest.dns.servers", "x"),
    ])
    func `a wrong text in an array is named by the array`(path: String, text: String) throws {
        let json = try Golden.dualStack.json().replacing(path, with: .array([.string(text)]))
        guard case .field(path, _) = error(json) else {
            Issue.record("\(path)")
            return
        }
    }

    @Test func `an unknown schema is refused before anything else is read`() throws {
        let json = JSONValue.object(JSONObject([("schema", .integer(3))]))
        #expect(
            error(json) == .field(path: "schema", reason: "3 is not known here; this version reads 1 to 2")
        )
    }

    @Test func `unknown keys are ignored`() throws {
        guard case .object(var object) = try Golden.veth.json() else { return }
        object["later"] = .object(JSONObject([("x", .integer(1))]))
        #expect(try PreparedInterface(json: .object(object)) == Golden.veth.interface())
    }

    @Test(arguments: [JSONValue.null, .integer(1), .string("x"), .array([]), .bool(true)])
    func `what is no object is refused`(json: JSONValue) {
        #expect(error(json) == .field(path: ".", reason: "expected an object, found \(json.kind)"))
    }

    // Walking a document

    /// The paths of all fields at every depth, as errors name them.
    private func paths(_ json: JSONValue, _ above: String = "") -> [String] {
        switch json {
        case .object(let object):
            object.members.flatMap { member -> [String] in
                let path = above.isEmpty ? member.key : "\(above).\(member.key)"
                return [path] + paths(member.value, path)
            }
        case .array(let elements):
            elements.indices.flatMap { paths(elements[$0], "\(above)[\($0)]") }
        default: []
        }
    }
}

extension JSONValue {
    /// The keys and array places of a path like `created[0].name`.
    private static func steps(_ path: String) -> [String] {
        path.split { ".[]".contains($0) }.map(String.init)
    }

    /// The value at a path.
    func value(_ path: String) -> JSONValue? {
        Self.steps(path).reduce(self) { value, step in
            value?.object?[step] ?? Int(step).flatMap { value?.array?[$0] }
        }
    }

    /// The same document with another value, or none, at a path.
    func replacing(_ path: String, with value: JSONValue?) -> JSONValue {
        replacing(Self.steps(path)[...], with: value)
    }

    private func replacing(_ steps: ArraySlice<String>, with value: JSONValue?) -> JSONValue {
        guard let step = steps.first else { return value ?? .null }
        switch self {
        case .object(var object):
            object[step] = steps.count == 1 ? value : object[step]?.replacing(steps.dropFirst(), with: value)
            return .object(object)
        case .array(var elements):
            if let place = Int(step) {
                elements[place] = elements[place].replacing(steps.dropFirst(), with: value)
            }
            return .array(elements)
        default: return self
        }
    }
}
