// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
public import Netlink
import NetworkTypes
public import PreparedInterface

extension KernelObject {
    /// Removes what a record or plan says was made.
    ///
    /// What is gone, with its namespace or without, is not an error.
    ///
    /// `socket`: netlink in the node's namespace.
    public func remove(over socket: NetlinkSocket) throws(AttachmentError) {
        switch self {
        case .link(_, let namespace), .ingressQdisc(_, let namespace), .redirectFilter(_, let namespace):
            guard case .pod = namespace else { return try remove(from: socket) }
            guard let pod = try PodNamespace.existing(namespace) else { return }
            try remove(from: pod.openNetlink())
        case .file(let path): try system { () throws(SystemError) in try Files.remove(path) }
        }
    }

    private func remove(from socket: NetlinkSocket) throws(AttachmentError) {
        try netlink { () throws(NetlinkError) in
            switch self {
            case .link(let name, _): try socket.deleteLink(name)
            case .ingressQdisc(let device, _):
                if let link = try socket.link(device) {
                    try socket.deleteIngressQdisc(device, index: link.index)
                }
            case .redirectFilter(let device, _):
                if let link = try socket.link(device) { try socket.deleteRedirect(device, index: link.index) }
            case .file: break
            }
        }
    }
}

extension [KernelObject] {
    /// Removes all, backwards, whatever fails; throws the first failure at the end.
    ///
    /// `socket`: netlink in the node's namespace.
    public func remove(over socket: NetlinkSocket) throws(AttachmentError) {
        var failure: AttachmentError?
        for object in reversed() {
            do throws(AttachmentError) {
                try object.remove(over: socket)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }
}
