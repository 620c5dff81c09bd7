// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CNIProtocol
import JSON
import Netlink
import NetworkTypes
import PreparedInterface

/// What a guest must have in place of a pod's interface: all that the kernel of the pod's namespace has there, and
/// what the result tells beyond.
///
/// Neither alone is enough: Calico's gateway is in the kernel only, resolvers are in the result only, and a result can
/// list addresses under the node's end. Where both tell something, the kernel's word counts.
struct GuestDescription {
    private let name: InterfaceName
    private let kernel: ObservedInterface
    private let result: [CNIResult.Address]
    private let resultRoutes: [Route]
    private let resolver: DNS

    init(_ name: InterfaceName, _ kernel: ObservedInterface, _ result: CNIResult) throws(JSONError) {
        self.name = name
        self.kernel = kernel
        self.result = Self.own(
            try result.addresses(),
            of: name,
            among: try result.interfaces(),
            kernel
        )
        resultRoutes = try result.routes()
        resolver = try result.dns()
    }

    /// The addresses of a result that are this interface's.
    ///
    /// Where the kernel has one, it tells whose it is; else the place that the result gives, if it is one.
    private static func own(
        _ addresses: [CNIResult.Address],
        of name: InterfaceName,
        among interfaces: [CNIResult.Interface],
        _ kernel: ObservedInterface
    ) -> [CNIResult.Address] {
        var own: [CNIResult.Address] = []
        var atNode: [CNIResult.Address] = []
        for address in addresses {
            let ip = address.prefix.address
            if kernel.addresses.contains(where: { $0.address == ip }) {
                own.append(address)
                continue
            }
            if kernel.othersAddresses.contains(ip) { continue }
            guard let place = address.interface, place < interfaces.count else {
                own.append(address)
                continue
            }
            let entry = interfaces[place]
            if entry.name == name.text {
                own.append(address)
            } else if entry.sandbox == nil {
                atNode.append(address)
            }
        }
        // A result's addresses are the container's: with none under its own name, the node's end stands for it.
        return own.isEmpty && kernel.addresses.isEmpty ? atNode : own
    }

    /// Adds to what is known of a guest.
    ///
    /// - Throws: Code 999 where the interface has an address or a default route that the guest would not have.
    func complete(_ guest: inout GuestConfiguration) throws(CNIError) {
        addAddresses(to: &guest)
        let known = guest.gateways
        guest.gateways = []
        for family in [IPFamily.v4, .v6] {
            addGateway(of: family, to: &guest, known: known.first { $0.address.family == family })
        }
        addRoutes(to: &guest)
        if guest.dns.isEmpty { guest.dns = resolver }
        try requireAll(in: guest)
    }

    private func addAddresses(to guest: inout GuestConfiguration) {
        for prefix in result.map({ $0.prefix }) + kernel.addresses {
            guard let place = guest.addresses.firstIndex(where: { $0.address == prefix.address }) else {
                guest.addresses.append(prefix)
                continue
            }
            if kernel.addresses.contains(prefix) { guest.addresses[place] = prefix }
        }
    }

    /// The kernel's default route; where it has none at all, the one that was known, or the result's.
    private func addGateway(
        of family: IPFamily,
        to guest: inout GuestConfiguration,
        known: GuestConfiguration.Gateway?
    ) {
        let defaults = kernel.routes.filter {
            $0.table == KernelRoute.mainTable && $0.route.destination == .default(family)
                && !$0.isViaOtherFamily
        }
        let here = defaults.filter { $0.device == kernel.link.index }
        let fallback = result.first { $0.gateway?.family == family }?.gateway
        var next: IPAddress?
        var hasDefault = false
        if let best = here.min(by: { $0.priority < $1.priority }) {
            (next, hasDefault) = (best.route.gateway, true)
        } else if defaults.isEmpty {
            if let known, known.isDefault {
                (next, hasDefault) = (known.address, true)
            } else if let route = resultRoutes.first(where: { $0.destination == .default(family) }) {
                (next, hasDefault) = (route.gateway ?? fallback, true)
            }
        }
        if hasDefault, next == nil {
            // All of the world is on the link.
            let route = Route(to: .default(family), via: nil)
            if !guest.routes.contains(route) { guest.routes.append(route) }
        }
        guard let address = next ?? known?.address ?? fallback else { return }
        guest.gateways.append(
            .init(address: address, isOnLink: isOutside(address, guest), isDefault: hasDefault && next != nil)
        )
    }

    private func addRoutes(to guest: inout GuestConfiguration) {
        for route in kernel.routes where isWanted(route, guest) { add(route.route, to: &guest) }
        for route in resultRoutes where route.destination.length > 0 {
            let isKnown =
                kernel.routes.contains {
                    $0.table == KernelRoute.mainTable && $0.route.destination == route.destination
                } || guest.routes.contains { $0.destination == route.destination }
            if isKnown { continue }
            let family = route.destination.address.family
            let gateway = route.gateway ?? result.first { $0.gateway?.family == family }?.gateway
            add(Route(to: route.destination, via: gateway), to: &guest)
        }
    }

    private func add(_ route: Route, to guest: inout GuestConfiguration) {
        if !guest.routes.contains(route) { guest.routes.append(route) }
        guard let gateway = route.gateway, isOutside(gateway, guest),
            !guest.gateways.contains(where: { $0.address == gateway })
        else { return }
        guest.gateways.append(.init(address: gateway, isOnLink: true, isDefault: false))
    }

    /// Whether a route of the kernel's is one that the guest does not get by its addresses, or from its gateway.
    private func isWanted(_ route: KernelRoute, _ guest: GuestConfiguration) -> Bool {
        let destination = route.route.destination
        guard route.device == kernel.link.index, route.table == KernelRoute.mainTable,
            destination.length > 0, !route.isViaOtherFamily, route.origin != .advertisement,
            !(destination.address.family == .v6
                && (destination.address.isLinkLocal || destination.address.bytes[0] == 0xFF))
        else { return false }
        guard route.route.gateway == nil else { return true }
        let isHost = destination.length == destination.address.family.bits
        // On-link gateways, as Calico's 169.254.1.1, need no route of their own.
        if isHost, guest.gateways.contains(where: { $0.address == destination.address && $0.isOnLink }) {
            return false
        }
        // The network of an address.
        return !guest.addresses.contains {
            $0.length == destination.length && $0.contains(destination.address)
        }
    }

    /// Whether a gateway lies outside all of the guest's networks; IPv6 reaches link-local ones anyway.
    private func isOutside(_ gateway: IPAddress, _ guest: GuestConfiguration) -> Bool {
        !(gateway.family == .v6 && gateway.isLinkLocal)
            && !guest.addresses.contains { $0.contains(gateway) }
    }

    /// A VM that comes up with less than the pod has would look like a fault of the network's.
    private func requireAll(in guest: GuestConfiguration) throws(CNIError) {
        func refuse(_ what: String) -> CNIError {
            CNIError(
                .internal,
                "interface \(name.text) of the pod has \(what), which the VM would not get; take it out of the network's configuration, or put the plugin that makes it after tap-bridge"
            )
        }
        for address in kernel.addresses
        where !guest.addresses.contains(where: { $0.address == address.address }) {
            throw refuse("address \(address.text)")
        }
        for route in kernel.routes
        where route.device == kernel.link.index && route.route.destination.length == 0 {
            let isKept =
                if let gateway = route.route.gateway {
                    guest.gateways.contains { $0.isDefault && $0.address == gateway }
                } else {
                    guest.routes.contains(route.route)
                }
            if isKept, !route.isViaOtherFamily { continue }
            let next = route.route.gateway.map { " via \($0.text)" } ?? ""
            let table = route.table == KernelRoute.mainTable ? "" : " in table \(route.table)"
            let other = route.isViaOtherFamily ? " through a gateway of the other family" : ""
            throw refuse("a default route\(next)\(other)\(table)")
        }
    }
}
