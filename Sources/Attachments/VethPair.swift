// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
public import Netlink
public import NetworkTypes

/// A veth pair from the node into a pod.
public enum VethPair {
    /// Makes the pair: the pod's end with its MAC, the node's end up and silent.
    ///
    /// The node's name is derived from the container: where it is taken, what is left of a run that was
    /// killed is in the way, and is removed.
    ///
    /// - Throws: `NetlinkError` with EEXIST where the pod has an interface of the name.
    public static func make(
        host: InterfaceName,
        pod: InterfaceName,
        in namespace: borrowing PodNamespace,
        mac: MACAddress,
        mtu: Int,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        let descriptor = namespace.descriptor
        func add() throws(NetlinkError) {
            try socket.addVeth(host, peer: pod, in: descriptor, peerMAC: mac, mtu: mtu)
        }
        try netlink { () throws(NetlinkError) in
            do throws(NetlinkError) {
                try add()
            } catch {
                guard error.errno == EEXIST, try socket.deleteLink(host) else { throw error }
                try add()
            }
        }
        do throws(AttachmentError) {
            try system { () throws(SystemError) in try Host.ignoreIPv6(on: host) }
            try netlink { () throws(NetlinkError) in try socket.setUpSilently(host) }
        } catch {
            try netlink { () throws(NetlinkError) in _ = try socket.deleteLink(host) }
            throw error
        }
    }

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
                differences.note(host.text, "it does not exist on the node")
            }
        }
        try PodInterface.check(end, pod, kind: "veth", in: namespace, expected, &differences)
    }
}
