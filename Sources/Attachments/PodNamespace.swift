// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import Netlink
public import PreparedInterface

/// A pod's network namespace, opened once, with a netlink socket in it.
///
/// The thread is in there only while something is done that looks at the thread's namespace.
public struct PodNamespace: ~Copyable {
    private let namespace: NetworkNamespace
    private let host: NetworkNamespace
    /// Netlink in the pod's namespace.
    public let netlink: NetlinkSocket

    /// Opens the namespace that a path names.
    public init(_ path: String) throws(AttachmentError) {
        let namespace = try system { () throws(SystemError) in try NetworkNamespace(path) }
        let host = try system { () throws(SystemError) in try NetworkNamespace.current() }
        let netlink = try Self.netlink(in: namespace, backTo: host)
        self.init(namespace: namespace, host: host, netlink: netlink)
    }

    /// Opens the namespace that a record names; nil where it is gone, or the path names another by now.
    public static func existing(_ reference: NamespaceReference) throws(AttachmentError) -> PodNamespace? {
        guard case .pod(let path, let device, let inode) = reference else { return nil }
        do throws(AttachmentError) {
            let found = try PodNamespace(path)
            if found.namespace.device == device, found.namespace.inode == inode { return found }
            return nil
        } catch .system {
            // No such file, or an ordinary one: what is left of a namespace that is gone.
            return nil
        }
    }

    private init(
        namespace: consuming NetworkNamespace,
        host: consuming NetworkNamespace,
        netlink: NetlinkSocket
    ) {
        self.namespace = namespace
        self.host = host
        self.netlink = netlink
    }

    private static func netlink(
        in namespace: borrowing NetworkNamespace,
        backTo host: borrowing NetworkNamespace
    ) throws(AttachmentError) -> NetlinkSocket {
        try namespace.enterMapped()
        let socket: NetlinkSocket
        do throws(NetlinkError) {
            socket = try NetlinkSocket()
        } catch {
            try host.enterMapped()
            throw .netlink(error)
        }
        try host.enterMapped()
        return socket
    }

    /// What a record says of this namespace.
    public var reference: NamespaceReference {
        .pod(path: namespace.path, device: namespace.device, inode: namespace.inode)
    }

    /// The path it was opened by.
    public var path: String { namespace.path }

    /// The descriptor, to put devices in there.
    public var descriptor: Int32 { namespace.file.raw }

    /// Does something with this thread in the pod's namespace.
    public borrowing func inside<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(AttachmentError) -> Value {
        try namespace.enterMapped()
        let value: Value
        do throws(SystemError) {
            value = try body()
        } catch {
            try host.enterMapped()
            throw .system(error)
        }
        try host.enterMapped()
        return value
    }
}

extension NetworkNamespace {
    borrowing func enterMapped() throws(AttachmentError) {
        do throws(SystemError) { try enter() } catch { throw .system(error) }
    }
}
