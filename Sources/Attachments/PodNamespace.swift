// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
public import Netlink
public import PreparedInterface

/// A pod's network namespace, opened once.
///
/// The thread is in there only while something is done that looks at the thread's namespace.
public struct PodNamespace: ~Copyable {
    private let namespace: NetworkNamespace
    private let host: NetworkNamespace

    /// Opens the namespace that a path names.
    public init(_ path: String) throws(AttachmentError) {
        try self.init(try system { () throws(SystemError) in try NetworkNamespace(path) })
    }

    private init(_ namespace: consuming NetworkNamespace) throws(AttachmentError) {
        let host = try system { () throws(SystemError) in try NetworkNamespace.current() }
        self.init(namespace: namespace, host: host)
    }

    /// Opens the namespace that a record names; nil where it is gone, or the path names another by now.
    public static func existing(_ reference: NamespaceReference) throws(AttachmentError) -> PodNamespace? {
        guard case .pod(let path, let device, let inode) = reference else { return nil }
        return try existing(path) { $0.device == device && $0.inode == inode }
    }

    /// Opens the namespace that a path names; nil where it is gone.
    public static func existing(_ path: String) throws(AttachmentError) -> PodNamespace? {
        // An ordinary file is what is left of a named namespace that is gone.
        try existing(path) { $0.isNamespace }
    }

    /// What the path names is not a namespace that can be reached, unless the process is short of something: then
    /// what is in the namespace must not be left there.
    private static func existing(
        _ path: String,
        where isRight: (borrowing NetworkNamespace) -> Bool
    ) throws(AttachmentError) -> PodNamespace? {
        let namespace: NetworkNamespace
        do throws(SystemError) {
            namespace = try NetworkNamespace(path)
        } catch {
            if [EMFILE, ENFILE, ENOMEM, EINTR, EIO].contains(error.errno) { throw .system(error) }
            return nil
        }
        guard isRight(namespace) else { return nil }
        return try PodNamespace(namespace)
    }

    private init(namespace: consuming NetworkNamespace, host: consuming NetworkNamespace) {
        self.namespace = namespace
        self.host = host
    }

    /// What a record says of this namespace.
    public var reference: NamespaceReference {
        .pod(path: namespace.path, device: namespace.device, inode: namespace.inode)
    }

    /// The path it was opened by.
    public var path: String { namespace.path }

    /// The descriptor, to put devices in there.
    public var descriptor: Int32 { namespace.file.raw }

    /// Netlink in the pod's namespace.
    public borrowing func openNetlink() throws(AttachmentError) -> NetlinkSocket {
        try inside { () throws(AttachmentError) in
            try Attachments.netlink { () throws(NetlinkError) in try NetlinkSocket() }
        }
    }

    /// Does something with this thread in the pod's namespace.
    ///
    /// A socket that is opened there stays there.
    public borrowing func inside<Value>(
        _ body: () throws(AttachmentError) -> Value
    ) throws(AttachmentError) -> Value {
        try namespace.enterMapped()
        let value: Value
        do throws(AttachmentError) {
            value = try body()
        } catch {
            try host.enterMapped()
            throw error
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
