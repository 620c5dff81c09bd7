// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A netlink message being written: header, then fixed part and attributes, in host order.
struct NetlinkMessage {
    let type: UInt16
    let flags: UInt16
    private(set) var payload: Bytes = []

    init(type: UInt16, flags: UInt16 = 0) {
        self.type = type
        self.flags = flags
    }

    mutating func add(_ value: some FixedWidthInteger) {
        payload += bytes(of: value)
    }

    mutating func add(raw: Bytes) {
        payload += raw
        pad()
    }

    mutating func attribute(_ type: UInt16, _ value: Bytes) {
        payload += bytes(of: UInt16(4 + value.count)) + bytes(of: type) + value
        pad()
    }

    mutating func attribute(_ type: UInt16, _ value: some FixedWidthInteger) {
        attribute(type, bytes(of: value))
    }

    /// With the NUL that ends it.
    mutating func attribute(_ type: UInt16, _ text: String) {
        attribute(type, Bytes(text) + [0])
    }

    mutating func nest(_ type: UInt16, _ body: (inout NetlinkMessage) -> Void) {
        var inner = NetlinkMessage(type: 0)
        body(&inner)
        attribute(type, inner.payload)
    }

    /// The whole message.
    func encoded(sequence: UInt32) -> Bytes {
        bytes(of: UInt32(16 + payload.count)) + bytes(of: type) + bytes(of: flags) + bytes(of: sequence)
            + bytes(of: UInt32(0)) + payload
    }

    private mutating func pad() {
        while payload.count % 4 != 0 { payload.append(0) }
    }
}

/// The bytes of a number in host order.
func bytes(of value: some FixedWidthInteger) -> Bytes {
    withUnsafeBytes(of: value) { Bytes($0) }
}
