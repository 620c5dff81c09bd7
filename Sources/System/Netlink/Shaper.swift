// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNetlink
public import NetworkTypes

/// tc: a device sends at most at a rate (qdisc tbf) or at once (noqueue), and a device through which received
/// frames can be sent first (ifb).
extension NetlinkSocket {
    /// The longest that a frame waits in a shaper before it is dropped, in seconds' fractions: 1/40.
    private static let mostWait = 40

    /// Lets a device send at most at a rate.
    ///
    /// `rate`: bytes a second. `burst`: bytes that may go at once. Repeating it replaces the limit.
    public func setRate(
        _ device: InterfaceName,
        index: Int32,
        rate: Int,
        burst: Int
    ) throws(NetlinkError) {
        let flags = NLM_F_CREATE | NLM_F_REPLACE
        guard let message = nlmsg_alloc_simple(Int32(RTM_NEWQDISC), flags) else {
            throw NetlinkError(operation: "describe the rate of", subject: device.text, errno: ENOMEM)
        }
        var header = tcmsg()
        header.tcm_ifindex = index
        header.tcm_handle = 0x0001_0000
        header.tcm_parent = 0xFFFF_FFFF
        nlmsg_append(message, &header, MemoryLayout<tcmsg>.size, Int32(NLMSG_ALIGNTO))
        _ = "tbf".withCString { nla_put_string(message, Int32(TCA_KIND), $0) }
        let options = nla_nest_start(message, Int32(TCA_OPTIONS))
        var parameters = tc_tbf_qopt()
        parameters.limit = UInt32(clamping: rate / Self.mostWait + burst)
        parameters.rate.linklayer = UInt8(TC_LINKLAYER_ETHERNET.rawValue)
        parameters.rate.rate = UInt32(clamping: rate)
        nla_put(message, Int32(TCA_TBF_PARMS), Int32(MemoryLayout<tc_tbf_qopt>.size), &parameters)
        nla_put_u32(message, Int32(TCA_TBF_BURST), UInt32(clamping: burst))
        if rate > Int(UInt32.max) { nla_put_u64(message, Int32(TCA_TBF_RATE64), UInt64(rate)) }
        nla_nest_end(message, options)
        // It frees the message.
        try check(nl_send_sync(socket, message), "limit the rate of", device.text)
    }

    /// The rate at which a device may send, in bytes a second; nil without a limit.
    public func rate(index: Int32) throws(NetlinkError) -> Int? {
        var cache: OpaquePointer?
        try check(rtnl_qdisc_alloc_cache(socket, &cache), "list", "qdiscs")
        defer { nl_cache_free(cache) }
        guard let qdisc = rtnl_qdisc_get_by_parent(cache, index, 0xFFFF_FFFF) else { return nil }
        defer { rtnl_qdisc_put(qdisc) }
        guard let kind = rtnl_tc_get_kind(qdisc), String(cString: kind) == "tbf" else { return nil }
        let rate = rtnl_qdisc_tbf_get_rate(qdisc)
        return rate < 0 ? nil : Int(rate)
    }

    /// Lets a device send at once, without a queue of the kernel's before its own (qdisc noqueue).
    ///
    /// For a tap that is still down. The kernel gives each of a tap's 256 queues three rings as it comes up, about
    /// 6 MB, which stay empty: a tap never asks to wait. A kernel without noqueue keeps its default.
    public func sendAtOnce(_ device: InterfaceName, index: Int32) throws(NetlinkError) {
        guard let qdisc = rtnl_qdisc_alloc() else {
            throw NetlinkError(operation: "describe the queue of", subject: device.text, errno: ENOMEM)
        }
        defer { rtnl_qdisc_put(qdisc) }
        rtnl_tc_set_ifindex(qdisc, index)
        rtnl_tc_set_parent(qdisc, 0xFFFF_FFFF)
        rtnl_tc_set_kind(qdisc, "noqueue")
        let result = rtnl_qdisc_add(socket, qdisc, NLM_F_CREATE | NLM_F_REPLACE)
        guard result < 0 else { return }
        let failure = error(result, "let send at once", device.text)
        guard failure.errno == ENOENT else { throw failure }
    }

    /// Makes an intermediate device, up: frames redirected to it are sent at its rate, then go on as received.
    ///
    /// - Throws: EEXIST where the name is taken.
    public func addIntermediate(_ name: InterfaceName) throws(NetlinkError) {
        guard let link = rtnl_link_alloc() else {
            throw NetlinkError(operation: "describe", subject: name.text, errno: ENOMEM)
        }
        defer { rtnl_link_put(link) }
        name.text.withCString { rtnl_link_set_name(link, $0) }
        _ = "ifb".withCString { rtnl_link_set_type(link, $0) }
        try check(rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL), "add ifb", name.text)
        try setUpSilently(name)
    }
}
