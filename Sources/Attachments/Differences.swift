// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import Netlink
public import NetworkTypes
public import PreparedInterface

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

extension VethPair {
    /// Compares a pair with its record: both ends, and the pod's addresses and routes.
    ///
    /// `host`: nil where another plugin made the pair.
    public static func check(
        _ pod: InterfaceName,
        host: InterfaceName?,
        in namespace: borrowing PodNamespace,
        _ expected: Expectation,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let inside = try namespace.openNetlink()
        let end = try netlink { () throws(NetlinkError) in try inside.link(pod) }
        if let host {
            if let link = try netlink({ () throws(NetlinkError) in try socket.link(host) }) {
                differences.compare(link, mac: nil, mtu: expected.mtu(of: host), kind: "veth")
                if let end, end.lower != link.index {
                    differences.note(pod.text, "its other end is not \(host.text)")
                }
            } else {
                differences.note(host.text, "there is no such device on the node")
            }
        }
        try PodInterface.check(end, pod, kind: "veth", in: namespace, expected, &differences)
    }
}

extension PodInterface {
    /// Compares an interface in the pod's namespace with its record: the device, its addresses and its routes.
    static func check(
        _ link: Link?,
        _ pod: InterfaceName,
        kind: String,
        in namespace: borrowing PodNamespace,
        _ expected: Expectation,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        guard let end = link else {
            return differences.note(pod.text, "there is no such device in the pod's namespace")
        }
        let inside = try namespace.openNetlink()
        differences.compare(end, mac: expected.mac, mtu: expected.mtu, kind: kind)
        let (addresses, routes) = try netlink { () throws(NetlinkError) in
            (try inside.addresses(of: end.index), try inside.kernelRoutes())
        }
        for address in expected.addresses where !addresses.contains(address) {
            differences.note(pod.text, "address \(address.text) is missing")
        }
        let main = routes.filter { $0.table == KernelRoute.mainTable }
        for route in expected.routes
        where !main.contains(where: { $0.route == route && $0.device == end.index }) {
            differences.note(pod.text, Self.missing(route))
        }
        for route in expected.replacedRoutes where !main.contains(where: { $0.route == route }) {
            differences.note(pod.text, Self.missing(route))
        }
    }

    private static func missing(_ route: Route) -> String {
        let gateway = route.gateway.map { " via \($0.text)" } ?? ""
        return "the route to \(route.destination.text)\(gateway) is missing"
    }
}

extension DirectTap {
    /// Compares a tap on the node with its record.
    public static func check(
        _ tap: Attachment.Tap,
        mtu: Int,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        guard let link = try netlink({ () throws(NetlinkError) in try socket.link(tap.name) }),
            let tun = try netlink({ () throws(NetlinkError) in try socket.tun(tap.name) })
        else { return differences.note(tap.name.text, "there is no such tap") }
        differences.compare(link, mac: nil, mtu: mtu, kind: "tun")
        let name = tap.name.text
        differences.compare(
            name,
            "owner",
            is: tun.owner.map { String($0) } ?? "nobody",
            not: "\(tap.ownerUID)"
        )
        differences.compare(
            name,
            "multi-queue flag",
            is: onOrOff(tun.isMultiQueue),
            not: onOrOff(tap.isMultiQueue)
        )
        differences.compare(
            name,
            "virtio header",
            is: onOrOff(tun.hasVnetHeader),
            not: onOrOff(tap.hasVnetHeader)
        )
        differences.compare(name, "persistence", is: onOrOff(tun.isPersistent), not: "on")
    }

    private static func onOrOff(_ flag: Bool) -> String { flag ? "on" : "off" }
}

extension Redirect {
    /// Compares tap, qdiscs and redirects with the record; the veth's own fields are its plugin's matter.
    public static func check(
        _ tap: Attachment.Tap,
        veth: InterfaceName,
        _ expected: Expectation,
        in namespace: borrowing PodNamespace,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let socket = try namespace.openNetlink()
        try DirectTap.check(tap, mtu: expected.mtu(of: tap.name), over: socket, &differences)
        let ends = try netlink { () throws(NetlinkError) in
            (tap: try socket.link(tap.name), veth: try socket.link(veth))
        }
        guard let vethLink = ends.veth else {
            return differences.note(veth.text, "there is no such device in the pod's namespace")
        }
        let mac = vethLink.mac?.text ?? "none"
        differences.compare(vethLink.name, "MAC address", is: mac, not: expected.mac.text)
        if let mtu = expected.mtu {
            differences.compare(vethLink.name, "MTU", is: "\(vethLink.mtu)", not: "\(mtu)")
        }
        if !vethLink.isUp { differences.note(vethLink.name, "it is down") }
        guard let tapLink = ends.tap else { return }
        try check(from: tapLink, to: vethLink, over: socket, &differences)
        try check(from: vethLink, to: tapLink, over: socket, &differences)
    }

    private static func check(
        from device: Link,
        to target: Link,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let hasQdisc = try netlink { () throws(NetlinkError) in
            try socket.hasIngressQdisc(index: device.index)
        }
        guard hasQdisc else { return differences.note(device.name, "it has no ingress qdisc") }
        let found = try netlink { () throws(NetlinkError) in
            try socket.redirectTarget(of: device.index)
        }
        guard let found else { return differences.note(device.name, "its redirect filter is missing") }
        guard found != target.index else { return }
        differences.note(
            device.name,
            "its redirect leads to interface \(found), not to \(target.name) (\(target.index))"
        )
    }
}
