// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import Netlink
public import NetworkTypes
public import PreparedInterface

/// Limits on the traffic of a device on the node: what it sends goes to the pod, what it receives comes from
/// there.
public enum TrafficLimit {
    /// Makes the limits.
    ///
    /// `limiter`: the device that delays what the pod sends too fast; what is left of a run that was killed
    /// is replaced.
    public static func make(
        _ bandwidth: Bandwidth,
        on device: InterfaceName,
        through limiter: InterfaceName,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        try netlink { () throws(NetlinkError) in
            guard let link = try socket.link(device) else {
                throw NetlinkError(operation: "limit", subject: device.text, errno: ENODEV)
            }
            if let limit = bandwidth.ingress { try socket.set(limit, device, on: link) }
            guard let limit = bandwidth.egress else { return }
            _ = try socket.deleteLink(limiter)
            try socket.addIntermediate(limiter)
            guard let intermediate = try socket.link(limiter) else {
                throw NetlinkError(operation: "limit through", subject: limiter.text, errno: ENODEV)
            }
            try socket.set(limit, limiter, on: intermediate, mtu: link.mtu)
            _ = try socket.addIngressQdisc(device, index: link.index)
            try socket.redirect(from: device, index: link.index, to: intermediate.index)
        }
    }

    /// Compares limits with their record.
    public static func check(
        _ bandwidth: Bandwidth,
        on device: InterfaceName,
        through limiter: InterfaceName,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let links = try netlink { () throws(NetlinkError) in
            (device: try socket.link(device), limiter: try socket.link(limiter))
        }
        // A device that is missing is told of by its own check.
        guard let link = links.device else { return }
        if let limit = bandwidth.ingress { try check(limit, on: link, over: socket, &differences) }
        guard let limit = bandwidth.egress else { return }
        guard let intermediate = links.limiter else {
            return differences.note(limiter.text, "it does not exist on the node")
        }
        if !intermediate.isUp { differences.note(limiter.text, "it is down") }
        try check(limit, on: intermediate, over: socket, &differences)
        let target = try netlink { () throws(NetlinkError) in try socket.redirectTarget(of: link.index) }
        if target != intermediate.index {
            differences.note(device.text, "its frames are not redirected to \(limiter.text)")
        }
    }

    private static func check(
        _ limit: Bandwidth.Limit,
        on link: Link,
        over socket: NetlinkSocket,
        _ differences: inout Differences
    ) throws(AttachmentError) {
        let rate = try netlink { () throws(NetlinkError) in try socket.rate(index: link.index) }
        differences.compare(
            link.name,
            "rate in bytes a second",
            is: rate.map { String($0) } ?? "unlimited",
            not: "\(limit.rate / 8)"
        )
    }
}

extension NetlinkSocket {
    /// What a frame has beyond the MTU: the Ethernet header and two VLAN tags.
    private static let frameOverhead = 22

    /// Limits a device, but lets a whole frame through at once: a bucket that holds less lets none through.
    ///
    /// `mtu`: of the device whose frames pass, where it is another.
    fileprivate func set(
        _ limit: Bandwidth.Limit,
        _ device: InterfaceName,
        on link: Link,
        mtu: Int? = nil
    ) throws(NetlinkError) {
        let frame = (mtu ?? link.mtu) + Self.frameOverhead
        try setRate(device, index: link.index, rate: limit.rate / 8, burst: max(limit.burst / 8, frame))
    }
}
