// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import NetworkTypes
import Synchronization

/// Finds a host's addresses for those cases in which libcurl does not tell us to which one it connects: by a proxy.
enum HostLookup {
    /// The addresses of a URL's host; nil where nobody knows them, or not in time.
    ///
    /// It blocks its thread for as many seconds at most.
    static func addresses(of host: String, seconds: Int) -> [IPAddress]? {
        let bare = bareHost(host)
        if let address = IPAddress(bare) { return [address] }
        // RFC 6761: these never ask anybody.
        if bare == "localhost" || bare.hasSuffix(".localhost") { return IPAddress("127.0.0.1").map { [$0] } }
        // getaddrinfo(3) can't be stopped: its thread ends when it does.
        let answer = Answer()
        Thread {
            answer.found.withLock { $0 = resolve(bare) }
            answer.isThere.signal()
        }.start()
        guard answer.isThere.wait(timeout: .now() + .seconds(seconds)) == .success else { return nil }
        return answer.found.withLock { $0 }
    }

    private final class Answer: Sendable {
        let found = Mutex<[IPAddress]?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    private static func resolve(_ name: String) -> [IPAddress]? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry {
            if let address = IPAddress(socketAddress: current.pointee.ai_addr) { addresses.append(address) }
            entry = current.pointee.ai_next
        }
        return addresses
    }
}

extension IPAddress {
    /// The address in a `sockaddr_in` or `sockaddr_in6`; nil for any other family.
    init?(socketAddress: UnsafePointer<sockaddr>?) {
        guard let socketAddress else { return nil }
        let raw = UnsafeRawPointer(socketAddress)
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            let bytes = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
            self.init(bytes: bytes)
        case AF_INET6:
            let bytes = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
            self.init(bytes: bytes)
        default: return nil
        }
    }
}
