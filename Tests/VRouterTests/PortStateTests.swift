// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import Testing

@testable import VRouter

@Suite struct PortStateTests {
    private func list(_ text: String) throws -> [PortState] { try PortState.list(Array(text.utf8)) }

    private func only(_ text: String) throws -> PortState {
        let list = try list(text)
        try #require(list.count == 1)
        return list[0]
    }

    @Test func `a dual stack port is read, IPv4 first`() throws {
        #expect(AgentBodies.dualStack.utf8.count == 675)
        let state = try only(AgentBodies.dualStack)
        #expect(state.vmi == UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002"))
        #expect(state.systemName == "tapeth0-b0f5a0")
        #expect(state.mac == MACAddress("02:7c:1e:0b:52:3a"))
        #expect(state.families.map(\.address.text) == ["10.47.255.249", "fd00:47::f9"])
        #expect(state.families.map(\.prefixLength) == [12, nil])
        #expect(state.families.map { $0.gateway?.text } == ["10.47.255.254", "fd00:47::fe"])
        #expect(state.families.map { $0.dnsServer?.text } == ["10.47.255.253", "fd00:47::fd"])
    }

    @Test func `a port with IPv4 only is read from an array`() throws {
        #expect(AgentBodies.v4Only.utf8.count == 572)
        let state = try only(AgentBodies.v4Only)
        #expect(state.families.map(\.address.text) == ["10.47.255.249"])
        #expect(state.families.map(\.prefixLength) == [12])
    }

    @Test func `a port with IPv6 only has no IPv4`() throws {
        #expect(AgentBodies.v6Only.utf8.count == 557)
        let state = try only(AgentBodies.v6Only)
        #expect(state.families.map(\.address.text) == ["fd00:47::f9"])
        #expect(state.families.map { $0.gateway?.text } == ["fd00:47::fe"])
    }

    @Test func `0.0.0.0 means that there is no gateway and no name server`() throws {
        #expect(AgentBodies.twoPorts.utf8.count == 1126)
        let list = try list(AgentBodies.twoPorts)
        #expect(
            list.map(\.vmi.text) == [
                "7c1e0b52-3a90-11ee-9c41-0242ac110002", "9d2f1c63-3a90-11ee-9c41-0242ac110002",
            ]
        )
        #expect(list[1].families.map(\.address.text) == ["10.1.2.3"])
        #expect(list[1].families.map(\.prefixLength) == [24])
        #expect(list[1].families.map(\.gateway) == [nil])
        #expect(list[1].families.map(\.dnsServer) == [nil])
    }

    @Test(arguments: ["0.0.0.0", ""])
    func `a port without an address has no families`(address: String) throws {
        #expect(try only(AgentBodies.v4Only.replacing("10.47.255.249", with: address)).families == [])
    }

    @Test func `a body cut at any byte is refused`() {
        for body in [AgentBodies.dualStack, AgentBodies.twoPorts] {
            let whole = Array(body.utf8)
            for length in 0..<whole.count {
                #expect(throws: JSONError.self) { _ = try PortState.list(Array(whole[..<length])) }
            }
        }
    }

    @Test(arguments: [
        (#""id": "7c1e0b52"#, #""id": "7C1E0B52"#, "id"), (#""id": "#, #""x": "#, "id"),
        (#""system-name": "tapeth0-b0f5a0""#, #""system-name": 5"#, "system-name"),
        (#""system-name""#, #""x""#, "system-name"), ("02:7c:1e:0b:52:3a", "", "mac-address"),
        ("02:7c:1e:0b:52:3a", "03:7c:1e:0b:52:3a", "mac-address"), (#""plen": 12"#, #""plen": 33"#, "plen"),
        (#""plen": 12"#, #""plen": -1"#, "plen"), (#""plen": 12"#, #""plen": "12""#, "plen"),
        (#""plen": 12"#, #""plen": 12.0"#, "plen"), (#""plen""#, #""x""#, "plen"),
        ("10.47.255.249", "None", "ip-address"), ("10.47.255.249", "fd00::1", "ip-address"),
        ("10.47.255.249", "10.47.255.249/12", "ip-address"), ("10.47.255.254", "fd00::1", "gateway"),
        ("10.47.255.253", "x", "dns-server"), ("fd00:47::f9", "10.0.0.1", "v6-ip-address"),
        ("fd00:47::fe", "10.0.0.1", "v6-gateway"), ("fd00:47::fd", "fd00::1%lo", "v6-dns-server"),
        (#""gateway": "10.47.255.254""#, #""gateway": 5"#, "gateway"),
    ])
    func `a wrong field is named`(part: String, replacement: String, field: String) {
        let body = AgentBodies.dualStack.replacing(part, with: replacement, maxReplacements: 1)
        #expect(body != AgentBodies.dualStack)
        let error = #expect(throws: JSONError.self) { _ = try list(body) }
        guard case .field(field, _) = error else {
            Issue.record("\(String(describing: error)) does not name \(field)")
            return
        }
    }
}
