// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
import VRouter

/// Which of a pod's assignments an ADD is for.
enum AssignmentChoice {
    /// What an ADD goes by.
    struct Wishes {
        /// The interface's name in the pod.
        let interface: String
        /// `name` of the configuration.
        let configurationName: String
        /// The network that was asked for explicitly.
        var network: String?
        /// The virtual machine interface that was asked for.
        var vmi: UUID?
        /// The MAC address that was asked for.
        var mac: MACAddress?
        /// What other interfaces of the container have already.
        var taken: [UUID] = []

        /// Whether the user named one: it may arrive later than the others.
        var isExplicit: Bool { vmi != nil || network != nil || mac != nil }
    }

    /// Whether all of a pod's interfaces are there: as many as the `index` annotation says, each once.
    static func isComplete(_ assignments: [PortAssignment]) -> Bool {
        guard let total = assignments.compactMap({ $0.index?.total }).max() else {
            return !assignments.isEmpty
        }
        var places = [Bool](repeating: false, count: total)
        for assignment in assignments {
            if let place = assignment.index?.place, place < total { places[place] = true }
        }
        return places.allSatisfy { $0 }
    }

    /// The assignment for an interface.
    ///
    /// The one that was named by UUID; else, of those that no other interface of the container has, that have
    /// the MAC address and are on the network that were asked for, in this order: the network's name is the
    /// configuration's; the user asked for this interface name; `eth<index>` is the name; there is only one.
    static func choose(
        _ assignments: [PortAssignment],
        _ wishes: Wishes
    ) throws(CNIError) -> PortAssignment {
        if let vmi = wishes.vmi {
            if let match = assignments.first(where: { $0.vmi == vmi }) { return match }
            throw missing("with UUID \(vmi.text)", assignments)
        }
        var candidates = assignments.filter { !wishes.taken.contains($0.vmi) }
        if let mac = wishes.mac {
            candidates = candidates.filter { $0.mac == mac }
            if candidates.isEmpty { throw missing("with MAC address \(mac.text)", assignments) }
        }
        if let network = wishes.network {
            candidates = candidates.filter { $0.isOn(network) }
            if candidates.isEmpty { throw missing("on network \"\(network)\"", assignments) }
        }
        let named = candidates.filter { $0.network == wishes.configurationName }
        if let match = byInterface(named, wishes.interface) ?? inOrder(named).first { return match }
        if let match = byInterface(candidates, wishes.interface) { return match }
        if wishes.isExplicit, let match = inOrder(candidates).first { return match }
        if assignments.count == 1, let only = candidates.first { return only }
        throw missing(
            "for network \"\(wishes.configurationName)\" or interface \(wishes.interface)",
            assignments
        )
    }

    /// In the order of the `index` annotation, those without last; sub-interfaces after the others, one of
    /// which carries them.
    static func inOrder(_ assignments: [PortAssignment]) -> [PortAssignment] {
        assignments.sorted {
            guard ($0.vlan == nil) == ($1.vlan == nil) else { return $0.vlan == nil }
            return ($0.index?.place ?? Int.max) < ($1.index?.place ?? Int.max)
        }
    }

    /// The interface that carries a pod's sub-interfaces: the first that is none itself.
    static func carrier(of assignments: [PortAssignment]) -> PortAssignment? {
        inOrder(assignments).first { $0.vlan == nil }
    }

    private static func byInterface(_ candidates: [PortAssignment], _ interface: String) -> PortAssignment? {
        candidates.first { $0.interface == interface }
            ?? candidates.first { $0.index.map { "eth\($0.place)" } == interface }
    }

    private static func missing(_ which: String, _ assignments: [PortAssignment]) -> CNIError {
        let names = assignments.map { $0.network ?? $0.vnName ?? $0.vmi.text }
        return CNIError(
            .invalidConfiguration,
            "none of the pod's \(assignments.count) virtual machine interfaces is \(which)",
            details: "networks: \(names.joined(separator: ", "))"
        )
    }
}

extension PortAssignment {
    /// Whether the interface is on a network: by its name in Kubernetes, its full name, or that name's last part.
    func isOn(_ name: String) -> Bool {
        if network == name || vnName == name { return true }
        guard let vnName, let colon = vnName.utf8.lastIndex(of: UInt8(ascii: ":")) else { return false }
        return vnName[vnName.utf8.index(after: colon)...] == name
    }
}
