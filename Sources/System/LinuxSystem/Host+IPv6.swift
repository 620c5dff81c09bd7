// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import NetworkTypes

/// What the kernel does with IPv6 that arrives at a device of ours, in this thread's network namespace.
///
/// To be set while the device is down: what it hears when it comes up counts.
extension Host {
    /// Keeps the kernel from IPv6 on a device that carries another's frames: it takes no address, no route and no
    /// router from what a guest sends, whether or not the vRouter holds the device.
    ///
    /// `accept_ra` besides: writing `all/disable_ipv6` changes every device's `disable_ipv6`, and nothing but this.
    ///
    /// `isEssential`: whether it is an error where /proc/sys can't be written and neither is set already.
    public static func ignoreIPv6(
        on device: InterfaceName,
        isEssential: Bool = true
    ) throws(SystemError) {
        var failure: SystemError?
        var holds = false
        for (name, value) in [("accept_ra", UInt8(ascii: "0")), ("disable_ipv6", UInt8(ascii: "1"))] {
            do throws(SystemError) {
                try set(name, of: device, to: value)
                holds = true
            } catch {
                failure = error
            }
        }
        guard let failure, !holds, isEssential || !failure.isReadOnly else { return }
        throw failure
    }

    /// Keeps a pod's kernel from router advertisements: its addresses and routes are those that it is given.
    ///
    /// Where /proc/sys can't be written, the pod's namespace stays as it was made.
    public static func refuseRouterAdvertisements(on device: InterfaceName) throws(SystemError) {
        do throws(SystemError) {
            try set("accept_ra", of: device, to: UInt8(ascii: "0"))
        } catch {
            guard error.isReadOnly else { throw error }
        }
    }

    /// Has the kernel announce the device's IPv6 addresses by neighbour advertisements each time the device comes up
    /// (`ndisc_notify`, ip-sysctl in the kernel's documentation).
    ///
    /// - Returns: Whether it will; not where /proc/sys can't be written.
    public static func announceIPv6(on device: InterfaceName) -> Bool {
        do throws(SystemError) {
            try set("ndisc_notify", of: device, to: UInt8(ascii: "1"))
            return true
        } catch {
            return false
        }
    }

    private static func set(
        _ name: String,
        of device: InterfaceName,
        to value: UInt8
    ) throws(SystemError) {
        let setting = "net/ipv6/conf/\(device.text)/\(name)"
        do throws(SystemError) {
            try setSysctl(setting, to: value == UInt8(ascii: "0") ? "0" : "1")
        } catch {
            // A kernel without IPv6, or a device whose MTU is too small for it.
            if error.errno == ENOENT { return }
            guard let now = try Files.read("/proc/sys/\(setting)", limit: 16), now.first == value else {
                throw error
            }
        }
    }
}

extension SystemError {
    /// Whether a setting can't be written at all, as in a container.
    fileprivate var isReadOnly: Bool { errno == EROFS || errno == EACCES || errno == EPERM }
}
