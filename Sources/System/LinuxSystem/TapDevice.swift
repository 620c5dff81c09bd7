// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import NetworkTypes

/// Taps by /dev/net/tun, in this thread's network namespace.
public enum TapDevice {
    /// IFF_VNET_HDR: frames carry the virtio header, so offloads reach the guest.
    public static let vnetHeader: UInt16 = 0x4000
    /// IFF_MULTI_QUEUE: several descriptors, one a queue.
    public static let multiQueue: UInt16 = 0x0100

    /// Makes a persistent tap with a virtio header and many queues, that only root and one user may open.
    ///
    /// Until it is persistent it ends with this process, so nothing is left at a kill in between.
    ///
    /// - Throws: EBUSY or EINVAL where a device of this name exists.
    public static func make(_ name: InterfaceName, owner: UInt32) throws(SystemError) {
        let file = try open(name, flags: vnetHeader | multiQueue)
        _ = try check(clinux_tap_set_owner(file.raw, owner), "set the owner of tap", name.text)
        _ = try check(clinux_tap_set_persistent(file.raw, 1), "make persistent the tap", name.text)
    }

    /// Opens a queue of a tap, which is made where there is none.
    public static func open(_ name: InterfaceName, flags: UInt16) throws(SystemError) -> FileDescriptor {
        let file = try FileDescriptor(opening: "/dev/net/tun", O_RDWR)
        _ = try check(clinux_tap_attach(file.raw, name.text, flags), "open the tap", name.text)
        return file
    }
}
