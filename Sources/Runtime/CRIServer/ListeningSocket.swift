// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Synchronization

/// The socket of a resident program: made so that a stale one is replaced and a served one never is.
///
/// The path's lock, `<path>.lock`, belongs to the server that serves it, until that server ends, however it ends. Who
/// has it may replace the socket; but where somebody answers there all the same, that is another program's, and it stays.
public final class ListeningSocket: Sendable {
    /// The socket's path.
    public let path: String
    /// The listening socket; whoever serves it closes it.
    let descriptor: CInt
    private let lock: CInt
    private let identity: Identity

    /// Why a socket can't be had.
    public struct Failure: Error, CustomStringConvertible, Sendable {
        /// What was tried, why it failed, and what to do.
        public let description: String
    }

    private struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    /// Listens on a path, with mode 0600.
    ///
    /// - Throws: Where another program serves it, what is there is no socket, or the system refuses.
    public init(_ path: String) throws(Failure) {
        self.path = path
        try Self.makeFolder(of: path)
        lock = try Self.takeLock("\(path).lock", for: path)
        do throws(Failure) {
            try Self.checkFree(path)
            let fresh = "\(path).new"
            unlink(fresh)
            descriptor = try Self.listen(on: fresh)
            // From here on clients find this socket or, until now, the stale one: never none.
            guard rename(fresh, path) == 0 else {
                let failure = Self.failed("rename \(fresh) to \(path)")
                close(descriptor)
                unlink(fresh)
                throw failure
            }
            identity = Self.identity(of: path) ?? Identity(device: 0, inode: 0)
        } catch {
            close(lock)
            throw error
        }
    }

    /// Removes the socket and lets the path go; for the end of the server.
    public func release() {
        // Not one that somebody else has put there.
        if Self.identity(of: path) == identity { unlink(path) }
        close(lock)
    }

    private static func makeFolder(of path: String) throws(Failure) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw Failure(description: "\(path) is not an absolute path of a socket")
        }
        let folder = String(path[..<slash])
        guard mkdir(folder, 0o711) == 0 || clinux_errno() == EEXIST else {
            throw failed("make the folder \(folder)")
        }
    }

    private static func takeLock(_ lock: String, for path: String) throws(Failure) -> CInt {
        let descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failed("open \(lock)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Failure(
                description:
                    "another vm-runtime serves \(path) (it holds \(lock)): stop it, or choose another `listen`"
            )
        }
        return descriptor
    }

    /// Makes sure that nothing at the path is lost by replacing it.
    private static func checkFree(_ path: String) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard clinux_errno() == ENOENT else { throw failed("examine \(path)") }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(
                description:
                    "\(path) is not a socket, and is not replaced: remove it, or choose another `listen`"
            )
        }
        let probe = try makeSocket()
        defer { close(probe) }
        let result = try withAddress(path) { connect(probe, $0, $1) }
        // A full queue of a server, too, is a server.
        guard result != 0, clinux_errno() == ECONNREFUSED else {
            throw Failure(description: "another program serves \(path): stop it, or choose another `listen`")
        }
    }

    private static func listen(on path: String) throws(Failure) -> CInt {
        let descriptor = try makeSocket()
        // Linux: the mode of the socket is the mode of the file that bind(2) makes, less the umask (unix(7)).
        guard fchmod(descriptor, 0o600) == 0, try withAddress(path, { bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, 128) == 0
        else {
            let failure = failed("listen on \(path)")
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func makeSocket() throws(Failure) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw failed("make a socket") }
        return descriptor
    }

    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(Failure) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else {
            throw Failure(description: "the path \(path) is too long for a socket: at most \(room - 1) bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }

    private static func failed(_ operation: String) -> Failure {
        Failure(description: "cannot \(operation): \(String(cString: clinux_strerror(clinux_errno())))")
    }
}
