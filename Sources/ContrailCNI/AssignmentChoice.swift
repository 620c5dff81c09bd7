// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import NetworkTypes
import VRouter

/// Which of a pod's assignments an ADD is for.
enum AssignmentChoice {
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

    /// The assignment for an interface, in this order: the network's name is the configuration's; the user
    /// asked for this interface name; `eth<index>` is the name; there is only one.
    static func choose(
        _ assignments: [PortAssignment],
        network: String,
        interface: String
    ) throws(CNIError) -> PortAssignment {
        if let match = assignments.first(where: { $0.network == network }) { return match }
        if let match = assignments.first(where: { $0.interface == interface }) { return match }
        if let match = assignments.first(where: { $0.index.map { "eth\($0.place)" } == interface }) {
            return match
        }
        if assignments.count == 1, let only = assignments.first { return only }
        let names = assignments.map { $0.network ?? $0.vnName ?? $0.vmi.text }
        throw CNIError(
            .invalidConfiguration,
            "none of the pod's \(assignments.count) virtual machine interfaces is for network \"\(network)\" or interface \(interface)",
            details: "networks: \(names.joined(separator: ", "))"
        )
    }
}
