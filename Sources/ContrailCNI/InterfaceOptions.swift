// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import NetworkTypes
import PreparedInterface
import VRouter

/// What the user asks of one interface: by `runtimeConfig`, by `args.cni` (multus' `cni-args`), by CNI_ARGS.
///
/// The first of these three that says something counts. What is not known here is refused by name.
struct InterfaceOptions {
    /// The virtual machine interface to use, made beforehand.
    private(set) var vmi: UUID?
    /// The network, by its name in Kubernetes or its virtual network's name.
    private(set) var network: String?
    /// The MAC address that it must have.
    private(set) var mac: MACAddress?
    /// The addresses that it must have.
    private(set) var addresses: [WantedAddress] = []
    /// The limits on its traffic.
    private(set) var bandwidth: Bandwidth?
    /// The resolver configuration that goes before the network's.
    private(set) var dns: DNS?
    /// Where the device is to be described (Device Information Specification).
    private(set) var deviceInfoFile: String?

    /// An address that the user asks for.
    struct WantedAddress: Hashable {
        let address: IPAddress
        /// nil: any.
        let prefixLength: Int?

        /// `10.0.0.5` or `10.0.0.5/24`.
        init?(_ text: String) {
            if let prefix = IPPrefix(text) {
                (address, prefixLength) = (prefix.address, prefix.length)
            } else if let address = IPAddress(text) {
                (self.address, prefixLength) = (address, nil)
            } else {
                return nil
            }
        }
    }

    /// No wishes.
    init() {}

    /// Reads all three places.
    ///
    /// - Throws: Code 2 for a capability that is not supported, 4 for CNI_ARGS, 7 for a wrong value.
    init(_ request: CNIRequest) throws(CNIError) {
        try refuseDevice(request.configuration)
        try readArguments(request)
        if let args = try configuring({ () throws(JSONError) in
            try request.configuration.fields.optionalFields("args")?.optionalFields("cni")
        }) {
            try read(args, isCapability: false)
        }
        if let config = request.configuration.runtimeConfig { try read(config, isCapability: true) }
    }

    /// Whether a plugged port has all addresses that were asked for.
    func areMet(by state: PortState) -> Bool {
        addresses.allSatisfy { wanted in
            state.families.contains { family in
                guard family.address == wanted.address else { return false }
                // The agent tells no prefix length of IPv6.
                return (family.prefixLength ?? wanted.prefixLength) == wanted.prefixLength
                    || wanted.prefixLength == nil
            }
        }
    }

    /// A device that a device plugin has given out is for another plugin to hand over.
    private func refuseDevice(_ configuration: CNIConfiguration) throws(CNIError) {
        for key in ["deviceID", "pciBusID"] {
            guard let value = configuration.fields.value(key) else { continue }
            throw CNIError(
                unsupported: key,
                value,
                "contrail-cni hands no PCI device over; use contrail-sriov"
            )
        }
    }

    /// Keys that CNI_ARGS may have beyond ours; some runtimes send them always.
    private static let podKeys = [
        "IgnoreUnknown", "K8S_POD_NAMESPACE", "K8S_POD_NAME", "K8S_POD_INFRA_CONTAINER_ID", "K8S_POD_UID",
    ]

    private mutating func readArguments(_ request: CNIRequest) throws(CNIError) {
        let ignore = request.argument("IgnoreUnknown") ?? ""
        let isLenient = ["1", "t", "T", "true", "TRUE", "True"].contains { $0 == ignore }
        func wrong(_ key: String, _ what: String) -> CNIError {
            CNIError(.invalidEnvironment, "CNI_ARGS: \(key) is no \(what)")
        }
        for argument in request.arguments where !argument.value.isEmpty {
            switch argument.key {
            case "CONTRAIL_VMI":
                guard let uuid = UUID(argument.value) else { throw wrong(argument.key, "lower-case UUID") }
                vmi = uuid
            case "CONTRAIL_NETWORK": network = argument.value
            case "MAC":
                guard let address = MACAddress(inAnyForm: argument.value), address.isUnicast else {
                    throw wrong(argument.key, "MAC address that an interface can have")
                }
                mac = address
            case "IP":
                addresses = []
                for part in argument.value.utf8.split(separator: UInt8(ascii: ",")) {
                    guard let address = WantedAddress(String(decoding: part, as: UTF8.self)) else {
                        throw wrong(argument.key, "list of IP addresses, joined by commas")
                    }
                    addresses.append(address)
                }
            default:
                guard isLenient || Self.podKeys.contains(where: { $0 == argument.key }) else {
                    throw CNIError(
                        .invalidEnvironment,
                        "CNI_ARGS: \(argument.key) is not known here; IgnoreUnknown=1 lets it pass"
                    )
                }
            }
        }
    }

    private mutating func read(_ fields: JSONFields, isCapability: Bool) throws(CNIError) {
        for member in fields.object.members where !member.value.isNull {
            let key = Self.keys.first { isSameKeyInGo(member.key, $0) } ?? member.key
            switch key {
            case "mac": mac = try configuring { () throws(JSONError) in try fields.wantedMAC(key) } ?? mac
            case "ips":
                let list = try configuring { () throws(JSONError) in try fields.wantedAddresses(key) }
                if !list.isEmpty { addresses = list }
            case "vmi" where !isCapability:
                vmi = try configuring { () throws(JSONError) in try fields.wantedUUID(key) }
            case "network" where !isCapability:
                network = try configuring { () throws(JSONError) in try fields.string(key) }
            case "bandwidth":
                let limits = try configuring { () throws(JSONError) in try fields.fields(key) }
                try limits.requireOnly(Bandwidth.keys)
                bandwidth = try configuring { () throws(JSONError) in try Bandwidth(limits) }
                if bandwidth == Bandwidth(ingress: nil, egress: nil) { bandwidth = nil }
            case "dns" where isCapability:
                let inner = try configuring { () throws(JSONError) in try fields.fields(key) }
                try inner.requireOnly(["servers", "searches", "options"])
                dns = try configuring { () throws(JSONError) in try inner.resolver() }
            case "CNIDeviceInfoFile" where isCapability:
                deviceInfoFile = try configuring { () throws(JSONError) in try fields.file(key) }
            case "vmInterface" where isCapability: break
            // For whoever looks at them (CNI's conventions): nothing to carry out.
            case "labels" where !isCapability: break
            case "portMappings" where member.value.array?.isEmpty == true: break
            case "portMappings":
                throw CNIError(
                    unsupported: fields.path(of: member.key),
                    member.value,
                    "the vRouter maps no ports of the node; use a Service, or the portmap plugin after contrail-cni"
                )
            case "deviceID":
                throw CNIError(
                    unsupported: fields.path(of: member.key),
                    member.value,
                    "contrail-cni hands no PCI device over; use contrail-sriov"
                )
            default:
                throw CNIError(
                    unsupported: fields.path(of: member.key),
                    member.value,
                    isCapability
                        ? "take it out of the list's \"capabilities\"" : "contrail-cni does not know it"
                )
            }
        }
    }

    /// The keys of all three places, as they are written here.
    private static let keys = [
        "mac", "ips", "vmi", "network", "bandwidth", "dns", "CNIDeviceInfoFile", "vmInterface", "labels",
        "portMappings", "deviceID",
    ]
}

extension JSONFields {
    fileprivate func wantedMAC(_ key: String) throws(JSONError) -> MACAddress? {
        let text = try string(key)
        if text.isEmpty { return nil }
        guard let mac = MACAddress(inAnyForm: text), mac.isUnicast else {
            throw error(key, "\"\(text)\" is not a MAC address that an interface can have")
        }
        return mac
    }

    fileprivate func wantedAddresses(_ key: String) throws(JSONError) -> [InterfaceOptions.WantedAddress] {
        var list: [InterfaceOptions.WantedAddress] = []
        for text in try strings(key) {
            guard let address = InterfaceOptions.WantedAddress(text) else {
                throw error(key, "\"\(text)\" is not an IP address")
            }
            list.append(address)
        }
        return list
    }

    fileprivate func wantedUUID(_ key: String) throws(JSONError) -> UUID {
        let text = try string(key)
        guard let uuid = UUID(text) else { throw error(key, "\"\(text)\" is not a UUID in lower case") }
        return uuid
    }

    fileprivate func file(_ key: String) throws(JSONError) -> String {
        let path = try string(key)
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw error(key, "\"\(path)\" is not an absolute path")
        }
        return path
    }

    /// The capability `dns`: servers, searches, options.
    fileprivate func resolver() throws(JSONError) -> DNS? {
        var servers: [IPAddress] = []
        for text in try strings("servers") {
            guard let server = IPAddress(text) else {
                throw error("servers", "\"\(text)\" is not an IP address")
            }
            servers.append(server)
        }
        let dns = DNS(
            servers: servers,
            search: try strings("searches"),
            options: try strings("options")
        )
        return dns.isEmpty ? nil : dns
    }
}
