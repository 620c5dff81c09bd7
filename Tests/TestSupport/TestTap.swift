// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// Stands in for a VM: opens a tap's queue in a namespace and exchanges frames over it.
public final class TestTap {
    private let descriptor: Int32

    /// Opens a tap that was made with IFF_MULTI_QUEUE and IFF_VNET_HDR.
    public init(_ name: String, in namespace: TestNamespace) throws {
        let opened = Atomic<Int32>(-1)
        let path = namespace.path
        // A thread's namespace must not leak into other tests: the thread ends with the call.
        PlainThread {
            let file = clinux_open(path, O_RDONLY, 0)
            guard file >= 0, clinux_enter_network_namespace(file) == 0 else { return }
            close(file)
            let tap = clinux_open("/dev/net/tun", O_RDWR | O_NONBLOCK, 0)
            if clinux_tap_attach(tap, name, 0x4000 | 0x0100) == 0 {
                opened.store(tap, ordering: .sequentiallyConsistent)
            } else {
                close(tap)
            }
        }.join()
        let descriptor = opened.load(ordering: .sequentiallyConsistent)
        guard descriptor >= 0 else { throw TestProgram.Failure(description: "cannot open tap \(name)") }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Asks by ARP for an address.
    /// - Returns: The MAC address that answers, or nil within the time.
    public func arp(for address: [UInt8], from source: [UInt8], mac: [UInt8], seconds: Int = 5) -> [UInt8]? {
        var frame = [UInt8](repeating: 0, count: 10) + [UInt8](repeating: 0xFF, count: 6) + mac + [8, 6]
        frame += [0, 1, 8, 0, 6, 4, 0, 1] + mac + source + [0, 0, 0, 0, 0, 0] + address
        let end = clinux_monotonic_microseconds() + Int64(seconds) * 1_000_000
        var buffer = [UInt8](repeating: 0, count: 4096)
        while clinux_monotonic_microseconds() < end {
            guard write(descriptor, frame, frame.count) == frame.count else { return nil }
            for _ in 0..<50 {
                let count = read(descriptor, &buffer, buffer.count)
                // Virtio header 10, Ethernet 14, then ARP: operation at 6, sender's MAC at 8, its address at 14.
                if count >= 52, Array(buffer[22..<24]) == [8, 6], buffer[31] == 2,
                    Array(buffer[38..<42]) == address
                {
                    return Array(buffer[32..<38])
                }
                usleep(10_000)
            }
        }
        return nil
    }
}
