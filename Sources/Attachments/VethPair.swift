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
}
