// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
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
            do throws(NetlinkError) {
                try socket.setUpSilently(host)
            } catch {
                try socket.deleteLink(host)
                throw error
            }
        }
    }
}
