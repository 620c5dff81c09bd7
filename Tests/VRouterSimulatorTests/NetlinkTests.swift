// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

@Suite struct NetlinkTests {
    @Test("A message is a header and attributes, each padded to four bytes")
    func message() {
        var message = NetlinkMessage(type: 0x10, flags: 5)
        message.add(UInt32(7))
        message.attribute(3, "ab")
        message.nest(18) { $0.attribute(1, UInt8(9)) }
        #expect(
            message.encoded(sequence: 2) == [
                40, 0, 0, 0, 0x10, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0,  // length, type, flags, sequence, port
                7, 0, 0, 0,  // fixed part
                7, 0, 3, 0, 0x61, 0x62, 0, 0,  // text with its NUL, one byte of padding
                12, 0, 18, 0, 5, 0, 1, 0, 9, 0, 0, 0,  // a nested attribute
            ]
        )
    }

    @Test("A device is read from its message, and a message that is cut is not taken")
    func link() throws {
        var message = NetlinkMessage(type: 16)
        for _ in 0..<2 { message.add(UInt16(0)) }
        message.add(Int32(12))
        message.add(UInt32(0x41))
        message.add(UInt32(0))
        message.attribute(3, "tap0")
        message.attribute(10, UInt32(7))
        message.attribute(20, "alias")
        message.nest(18) { $0.attribute(1, "tun") }
        let bytes = message.encoded(sequence: 1)
        var reader = NetlinkReader(bytes[...])
        let read = reader.message()
        let payload = try #require(read).payload
        let link = Link(payload)
        #expect(link.index == 12 && link.name == "tap0" && link.master == 7 && link.isRunning)
        #expect(link.alias == "alias" && link.kind == "tun")
        for end in bytes.indices {
            var reader = NetlinkReader(bytes[..<end])
            #expect(reader.message() == nil)
            _ = Link(payload.prefix(end))
        }
    }

    @Test("What a port may use, as elements of sets")
    func elements() {
        let plan = PortPlan(
            interface: .zero,
            device: "tap0",
            network: VirtualNetwork(id: .zero, name: "n", v4: nil, v6: nil, domain: ""),
            mac: AgentMAC(bytes: [2, 0, 0, 0, 0, 1]),
            v4: IPv4(0x0a00_0001),
            v6: nil,
            hostName: ""
        )
        let device = Bytes("tap0") + Bytes(repeating: 0, count: 12)
        let local: Bytes = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 1]
        let elements = PortFilter.elements(of: plan)
        #expect(elements.map(\.set) == ["ports", "macs", "v4", "v6", "targets"])
        #expect(
            elements.map(\.key) == [
                device, device + [2, 0, 0, 0, 0, 1, 0, 0], device + [10, 0, 0, 1], device + local,
                device + local,
            ]
        )
    }
}
