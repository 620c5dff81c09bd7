// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Calls on sockets.
///
/// All sockets are non-blocking and closed on exec.
enum Socket {
    /// A listening TCP socket on an IPv4 address.
    static func listen(address: String, port: Int) throws(SystemError) -> Int32 {
        let subject = "\(address):\(port)"
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let fd = socket(AF_INET, flags, 0)
        guard fd >= 0 else { throw SystemError("socket", subject) }
        set(fd, SOL_SOCKET, SO_REUSEADDR)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = (IPv4(Bytes(address)) ?? .zero).value.bigEndian
        let bound = withAddress(of: &name) { bind(fd, $0, $1) }
        guard bound == 0, Glibc.listen(fd, SOMAXCONN) == 0 else { throw failure(fd, "listen on", subject) }
        return fd
    }

    /// A listening Unix socket that only the owner can reach.
    static func listen(path: String) throws(SystemError) -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Bytes(path)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            throw SystemError("listen on", path, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let fd = socket(AF_UNIX, flags, 0)
        guard fd >= 0 else { throw SystemError("socket", path) }
        unlink(path)
        // The mode that a socket has is the mode that its file gets: no other may connect even for a moment.
        fchmod(fd, 0o600)
        let bound = withAddress(of: &name) { bind(fd, $0, $1) }
        guard bound == 0, Glibc.listen(fd, SOMAXCONN) == 0 else { throw failure(fd, "listen on", path) }
        return fd
    }

    /// The port that a TCP socket is bound to.
    static func port(of fd: Int32) -> Int {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &name) {
            getsockname(fd, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
        }
        return result == 0 ? Int(UInt16(bigEndian: name.sin_port)) : 0
    }

    /// The next connection, or none if there is none now.
    static func accept(_ fd: Int32) -> Int32? {
        let connection = Glibc.accept(fd, nil, nil)
        guard connection >= 0 else { return nil }
        _ = fcntl(connection, F_SETFL, O_NONBLOCK)
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        set(connection, Int32(IPPROTO_TCP), TCP_NODELAY)
        return connection
    }

    /// Whether the peer has closed its side and everything it sent has been read.
    static func isAtEnd(_ fd: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(fd, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }

    private static func set(_ fd: Int32, _ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        setsockopt(fd, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func failure(_ fd: Int32, _ operation: String, _ subject: String) -> SystemError {
        let error = SystemError(operation, subject)
        close(fd)
        return error
    }

    static func withAddress<Name>(
        of name: inout Name,
        _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeBytes(of: &name) {
            body($0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
    }
}
