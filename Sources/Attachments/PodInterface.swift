// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
public import Netlink
public import NetworkTypes
public import PreparedInterface

/// A container's interface in the pod's namespace, of whatever kind.
public enum PodInterface {
    /// What neighbours are to be told of an interface.
    public struct Announcement {
        let announcer: Announcer
        let index: Int32
        let mac: MACAddress
        let addresses: [IPAddress]

        /// The longest wait for the node's device, in steps of a millisecond: the kernel reports a carrier late.
        private static let mostWaits = 40

        /// Tells them, once the node's device carries frames.
        ///
        /// `host`: that device; nil where there is none to wait for.
        public func send(through host: InterfaceName?, over socket: NetlinkSocket) throws(AttachmentError) {
            for _ in 1...Self.mostWaits {
                guard let host else { break }
                let end = try netlink { () throws(NetlinkError) in try socket.link(host) }
                if end?.isRunning ?? true { break }
                usleep(1000)
            }
            for address in addresses { announcer.announce(address, at: mac, over: index) }
        }
    }

    /// Sets the interface up and gives it its addresses and routes.
    public static func configure(
        _ pod: InterfaceName,
        in namespace: borrowing PodNamespace,
        _ guest: GuestConfiguration
    ) throws(AttachmentError) -> Announcement {
        let sockets: Sockets = try namespace.inside { () throws(AttachmentError) -> Sockets in
            // What the agent's router advertisements say must not contradict what is configured here.
            try system { () throws(SystemError) in try Host.refuseRouterAdvertisements(on: pod) }
            return try Sockets()
        }
        let socket = sockets.netlink
        let index = try netlink { () throws(NetlinkError) in
            guard let link = try socket.link(pod) else {
                throw NetlinkError(operation: "configure", subject: pod.text, errno: ENODEV)
            }
            try socket.setUp(pod)
            return link.index
        }
        for address in guest.addresses {
            try add(address, to: pod, index, in: namespace, over: socket)
        }
        try netlink { () throws(NetlinkError) in
            for gateway in guest.gateways where gateway.isDefault {
                let route = Route(to: .default(gateway.address.family), via: gateway.address)
                try socket.addRoute(route, over: index, isOnLink: gateway.isOnLink)
            }
            for route in guest.routes { try socket.addRoute(route, over: index) }
        }
        return Announcement(
            announcer: sockets.announcer,
            index: index,
            mac: guest.mac,
            addresses: guest.addresses.map { $0.address }
        )
    }

    /// Adds an address; where the pod's sysctls switch IPv6 off, it is switched on for this interface alone.
    private static func add(
        _ address: IPPrefix,
        to pod: InterfaceName,
        _ index: Int32,
        in namespace: borrowing PodNamespace,
        over socket: NetlinkSocket
    ) throws(AttachmentError) {
        do throws(NetlinkError) {
            return try socket.addAddress(address, to: index)
        } catch {
            guard address.address.family == .v6, error.errno == EACCES else { throw .netlink(error) }
        }
        try namespace.inside { () throws(AttachmentError) in
            try system { () throws(SystemError) in
                try Host.setSysctl("net/ipv6/conf/\(pod.text)/disable_ipv6", to: "0")
            }
        }
        try netlink { () throws(NetlinkError) in try socket.addAddress(address, to: index) }
    }

    /// What is opened in the pod's namespace.
    private struct Sockets {
        let netlink: NetlinkSocket
        let announcer: Announcer

        init() throws(AttachmentError) {
            do throws(NetlinkError) { netlink = try NetlinkSocket() } catch { throw .netlink(error) }
            do throws(SystemError) { announcer = try Announcer() } catch { throw .system(error) }
        }
    }
}
