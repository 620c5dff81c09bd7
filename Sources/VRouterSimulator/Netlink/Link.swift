// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A network device as the kernel describes it.
struct Link: Equatable {
    let index: Int32
    let name: String
    let flags: UInt32
    /// Index of the device that it is enslaved to, or 0.
    let master: Int32
    let alias: String
    let kind: String

    /// Up, and with a carrier: what the agent takes for the state of a port.
    var isRunning: Bool { flags & 0x41 == 0x41 }
    var isUp: Bool { flags & 1 == 1 }

    /// From the payload of RTM_NEWLINK or RTM_DELLINK.
    init(_ payload: ArraySlice<UInt8>) {
        var reader = NetlinkReader(payload)
        reader.skip(4)
        index = reader.number()
        flags = reader.number()
        let attributes = NetlinkReader.attributes(payload.dropFirst(16))
        name = Self.text(attributes[3])
        master = NetlinkReader.number(attributes[10] ?? [])
        alias = Self.text(attributes[20])
        kind = Self.text(NetlinkReader.attributes(attributes[18] ?? [])[1])
    }

    private static func text(_ value: ArraySlice<UInt8>?) -> String {
        Bytes(value ?? []).beforeNUL.text
    }
}
