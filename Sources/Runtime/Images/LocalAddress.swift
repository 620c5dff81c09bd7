// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Addresses at which the node's own services answer and nobody else's images are: a pod's author must not have the
/// runtime ask them.
enum LocalAddress {
    /// What kind of local address it is, in words; nil where it is none.
    ///
    /// An IPv6 address that stands for an IPv4 address is judged as that one.
    static func kind(of address: IPAddress) -> String? {
        if address.family == .v4 { return v4Kind(address.bytes) }
        if address.isUnspecified { return "the unspecified address, which leads to this node" }
        if address.bytes.dropLast().allSatisfy({ $0 == 0 }), address.bytes[15] == 1 {
            return "a loopback address"
        }
        if address.isLinkLocal { return "a link-local address" }
        return embedded(in: address.bytes).flatMap(v4Kind)
    }

    /// The address that is connected to in the end: for IPv6 addresses that stand for IPv4 ones, these.
    static func plain(_ address: IPAddress) -> IPAddress {
        guard address.family == .v6, !address.isUnspecified, let bytes = embedded(in: address.bytes) else {
            return address
        }
        return IPAddress(bytes: bytes) ?? address
    }

    private static func v4Kind(_ bytes: [UInt8]) -> String? {
        switch (bytes[0], bytes[1]) {
        case (0, _): "an address of 0.0.0.0/8, which leads to this node"
        case (127, _): "a loopback address"
        case (169, 254): "a link-local address"
        default: nil
        }
    }

    /// Prefixes of IPv6 addresses that end with an IPv4 address.
    private static let translating: [[UInt8]] = [
        // RFC 4291: mapped, and the former compatible ones. RFC 2765: translated.
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0],
        // RFC 6052, RFC 8215: NAT64.
        [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0x64, 0xFF, 0x9B, 0, 1],
    ]

    private static func embedded(in bytes: [UInt8]) -> [UInt8]? {
        if translating.contains(where: { bytes.starts(with: $0) }) {
            // ::1 is not an IPv4 address.
            return bytes.dropLast().allSatisfy { $0 == 0 } ? nil : Array(bytes[12...])
        }
        // RFC 3056: 6to4.
        return bytes.starts(with: [0x20, 0x02]) ? Array(bytes[2..<6]) : nil
    }
}

/// What is wrong with connecting somewhere.
struct LocalAddressRefusal: Hashable {
    let address: IPAddress
    let port: UInt16
    let kind: String

    /// Judges an address and a port; nil where nothing is wrong, or the operator allowed it.
    init?(_ address: IPAddress, port: UInt16, allowed: [EndpointRange]) {
        guard let kind = LocalAddress.kind(of: address) else { return nil }
        let plain = LocalAddress.plain(address)
        if allowed.contains(where: { $0.contains(plain, port: port) || $0.contains(address, port: port) }) {
            return nil
        }
        self.address = address
        self.port = port
        self.kind = kind
    }

    private var endpoint: String {
        let plain = LocalAddress.plain(address)
        guard let prefix = IPPrefix(plain, length: plain.family.bits) else { return plain.text }
        return EndpointRange(prefix, port: port).text
    }

    func cause(_ host: String) -> String {
        let isLiteral = host == address.text || host == "[\(address.text)]"
        return isLiteral
            ? "\(host) is \(kind), and images don't come from there"
            : "\(host) is at \(address.text), \(kind), and images don't come from there"
    }

    var advice: String {
        "If a server of images is there: add \(endpoint) to image-local-addresses in vm-runtime.yaml "
            + "(for vmctl: CONTRAIL_VM_IMAGE_LOCAL_ADDRESSES)."
    }
}
