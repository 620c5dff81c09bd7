// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Netlink
import NetworkTypes

/// How an attachment differs from what was recorded: each by what it is of, and what is and what should be.
public struct Differences {
    /// One line each, like "eth0: its MTU is 1400, not 1500".
    public private(set) var texts: [String] = []

    /// None yet.
    public init() {}

    /// Notes a difference.
    public mutating func note(_ subject: String, _ text: String) { texts.append("\(subject): \(text)") }

    /// Notes where two texts differ.
    public mutating func compare(_ subject: String, _ field: String, is found: String, not expected: String) {
        guard found != expected else { return }
        note(subject, "its \(field) is \(found), not \(expected)")
    }

    /// Compares what every device has.
    mutating func compare(_ link: Link, mac: MACAddress?, mtu: Int?, kind: String) {
        compare(link.name, "kind", is: link.kind ?? "hardware", not: kind)
        if let mac { compare(link.name, "MAC address", is: link.mac?.text ?? "none", not: mac.text) }
        if let mtu { compare(link.name, "MTU", is: "\(link.mtu)", not: "\(mtu)") }
        if !link.isUp { note(link.name, "it is down") }
    }
}
