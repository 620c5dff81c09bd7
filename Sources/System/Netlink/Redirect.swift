// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

/// tc: frames that arrive at one device go out of another (qdisc ingress, u32, mirred).
extension NetlinkSocket {
    /// The filter's priority: the first, so that no other filter sees a frame before.
    public static let redirectPriority: UInt16 = 1
    /// The filter's handle: 800::800.
    ///
    /// Without a fixed handle a second try would stack a second filter.
    static let redirectHandle: UInt32 = 0x8000_0800
    private static let ingressParent: UInt32 = 0xFFFF_FFF1
    /// Where filters for received frames hang, at the qdisc ingress as at clsact (TC_H_MIN_INGRESS).
    private static let filterParent: UInt32 = 0xFFFF_FFF2
    private static let ingressHandle: UInt32 = 0xFFFF_0000

    /// Adds the ingress qdisc to a device.
    ///
    /// - Returns: Whether it was added; false where the device had one.
    public func addIngressQdisc(_ device: InterfaceName, index: Int32) throws(NetlinkError) -> Bool {
        let qdisc = try ingressQdisc(device, index)
        defer { rtnl_qdisc_put(qdisc) }
        // Another program's change of the same device can make it busy for a moment: a few short tries.
        var pause: UInt32 = 10_000
        while true {
            let result = rtnl_qdisc_add(socket, qdisc, NLM_F_CREATE | NLM_F_EXCL)
            guard result < 0 else { return true }
            let failure = error(result, "add ingress qdisc to", device.text)
            if failure.errno == EEXIST { return false }
            guard failure.errno == EBUSY, pause <= 40_000 else { throw failure }
            usleep(pause)
            pause += 10_000
        }
    }

    /// Removes the ingress qdisc of a device with all its filters; it may be gone.
    public func deleteIngressQdisc(_ device: InterfaceName, index: Int32) throws(NetlinkError) {
        let qdisc = try ingressQdisc(device, index)
        defer { rtnl_qdisc_put(qdisc) }
        let result = rtnl_qdisc_delete(socket, qdisc)
        guard result < 0 else { return }
        let failure = error(result, "remove ingress qdisc of", device.text)
        // EINVAL "Invalid handle" is the kernel's word for: there is none.
        guard failure.errno == EINVAL || failure.errno == ENOENT || failure.errno == ENODEV else {
            throw failure
        }
    }

    /// Redirects all frames that arrive at a device to another one's way out.
    ///
    /// The device needs an ingress qdisc. Repeating it replaces the filter in place.
    public func redirect(from device: InterfaceName, index: Int32, to target: Int32) throws(NetlinkError) {
        let filter = try redirectFilter(device, index)
        defer { rtnl_cls_put(filter) }
        guard let action = rtnl_act_alloc() else { throw noMemory(device) }
        rtnl_tc_set_kind(action, "mirred")
        rtnl_mirred_set_action(action, TCA_EGRESS_REDIR)
        rtnl_mirred_set_policy(action, TC_ACT_STOLEN)
        rtnl_mirred_set_ifindex(action, UInt32(target))
        rtnl_u32_add_key_uint32(filter, 0, 0, 0, 0)
        // Without the terminal flag the filter is accepted and shown, and matches nothing.
        rtnl_u32_set_cls_terminal(filter)
        let added = rtnl_u32_add_action(filter, action)
        guard added == 0 else {
            rtnl_act_put(action)
            throw error(added, "describe the redirect of", device.text)
        }
        // The filter holds its own reference to the action.
        rtnl_act_put(action)
        try check(rtnl_cls_add(socket, filter, NLM_F_CREATE), "redirect frames of", device.text)
    }

    /// Removes our redirect filter from a device whose qdisc others made; it may be gone.
    public func deleteRedirect(_ device: InterfaceName, index: Int32) throws(NetlinkError) {
        let filter = try redirectFilter(device, index)
        defer { rtnl_cls_put(filter) }
        let result = rtnl_cls_delete(socket, filter, 0)
        guard result < 0 else { return }
        let failure = error(result, "remove redirect of", device.text)
        guard failure.errno == ENOENT || failure.errno == EINVAL || failure.errno == ENODEV else {
            throw failure
        }
    }

    /// Whether a device has an ingress qdisc.
    public func hasIngressQdisc(index: Int32) throws(NetlinkError) -> Bool {
        var cache: OpaquePointer?
        try check(rtnl_qdisc_alloc_cache(socket, &cache), "list", "qdiscs")
        defer { nl_cache_free(cache) }
        guard let qdisc = rtnl_qdisc_get(cache, index, Self.ingressHandle) else { return false }
        rtnl_qdisc_put(qdisc)
        return true
    }

    /// Where our redirect filter on a device leads; nil where there is none.
    public func redirectTarget(of index: Int32) throws(NetlinkError) -> Int32? {
        var cache: OpaquePointer?
        try check(
            rtnl_cls_alloc_cache(socket, index, Self.filterParent, &cache),
            "list",
            "filters of interface \(index)"
        )
        defer { nl_cache_free(cache) }
        var object = nl_cache_get_first(cache)
        while let current = object {
            if rtnl_tc_get_handle(current) == Self.redirectHandle, let action = rtnl_u32_get_action(current) {
                return Int32(bitPattern: rtnl_mirred_get_ifindex(action))
            }
            object = nl_cache_get_next(current)
        }
        return nil
    }

    private func ingressQdisc(_ device: InterfaceName, _ index: Int32) throws(NetlinkError) -> OpaquePointer {
        guard let qdisc = rtnl_qdisc_alloc() else { throw noMemory(device) }
        rtnl_tc_set_ifindex(qdisc, index)
        rtnl_tc_set_parent(qdisc, Self.ingressParent)
        rtnl_tc_set_handle(qdisc, Self.ingressHandle)
        rtnl_tc_set_kind(qdisc, "ingress")
        return qdisc
    }

    private func redirectFilter(_ device: InterfaceName, _ index: Int32) throws(NetlinkError) -> OpaquePointer
    {
        guard let filter = rtnl_cls_alloc() else { throw noMemory(device) }
        rtnl_tc_set_ifindex(filter, index)
        rtnl_tc_set_parent(filter, Self.filterParent)
        rtnl_tc_set_handle(filter, Self.redirectHandle)
        rtnl_tc_set_kind(filter, "u32")
        rtnl_cls_set_prio(filter, Self.redirectPriority)
        rtnl_cls_set_protocol(filter, UInt16(ETH_P_ALL))
        return filter
    }

    private func noMemory(_ device: InterfaceName) -> NetlinkError {
        NetlinkError(operation: "describe tc objects of", subject: device.text, errno: ENOMEM)
    }
}
