// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem
public import Pods
import Synchronization

/// Keeps descriptors free for what must never lack them.
///
/// When a process has none left, libraries end it, and calls that would give some back fail, too. So calls that make things are
/// refused while there is still room for those that end them.
public final class DescriptorRoom: Sendable {
    /// What stays free: for connections, the database, libvirt, and calls that end things.
    static let reserve = 96
    /// What a call that makes something takes at most while it runs.
    static let mostOfACall = 16

    private let begun = Mutex(0)
    /// How many descriptors this process may have open; asked each time, because an operator may change it.
    private let limit: @Sendable () -> Int

    /// The room of this process: one, so that all calls are counted together.
    public static let ofProcess = DescriptorRoom()

    private init() { limit = { Self.softLimit } }

    init(limit: Int) { self.limit = { limit } }

    /// Allows this process as many descriptors as it may allow itself.
    public static func raiseLimit() {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0,
            limits.rlim_cur < limits.rlim_max
        else { return }
        limits.rlim_cur = min(limits.rlim_max, 1 << 20)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    }

    /// Runs a call that makes something, where there is room for it.
    public func holding<Value>(
        _ body: () async throws(PodServiceError) -> Value
    ) async throws(PodServiceError) -> Value {
        let calls = begun.withLock { count in
            count += 1
            return count
        }
        defer { begun.withLock { $0 -= 1 } }
        let most = limit()
        guard lowestFree + Self.reserve + calls * Self.mostOfACall <= most else {
            throw PodServiceError(
                .resourceExhausted,
                "vm-runtime has \(lowestFree) of \(most) descriptors open: set a higher LimitNOFILE= in its unit, "
                    + "or run fewer VMs on this node"
            )
        }
        return try await body()
    }

    /// The lowest number that is free: the kernel gives it to the next descriptor, so that almost all below it are taken.
    private var lowestFree: Int {
        guard let file = try? FileDescriptor(opening: "/dev/null", O_RDONLY) else { return Int(Int32.max) }
        return Int(file.raw)
    }

    private static var softLimit: Int {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return 1024 }
        return Int(clamping: limits.rlim_cur)
    }
}
