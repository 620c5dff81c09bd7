// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// A sandbox in the database.
struct SandboxRow: StoredRow {
    /// A network that it was attached to.
    struct Network: Codable {
        var interface: String
        var list: String
        var result: String?
    }

    var schema: Int?
    var id: String
    var origin: String?
    var configuration: SandboxConfigurationRow
    var handler: String
    var phase: String
    var createdAt: Int64
    var bootID: String
    var user: UInt32
    var namespace: String
    var preparedBy: String?
    var networks: [Network]
    var addresses: [String]

    init(_ record: SandboxRecord) {
        schema = PodDatabase.schema
        id = record.id
        origin = record.origin.rawValue
        configuration = SandboxConfigurationRow(record.configuration)
        handler = record.handler
        phase = record.phase.rawValue
        createdAt = record.createdAt
        bootID = record.bootID
        user = record.user
        namespace = record.namespace
        preparedBy = record.preparedBy
        networks = record.networks.map { Network(interface: $0.interface, list: $0.list, result: $0.result) }
        addresses = record.addresses
    }

    /// Before the operator had a socket of his own, all were kubelet's.
    func record() throws(RowError) -> SandboxRecord {
        SandboxRecord(
            id: id,
            origin: try meaning(origin, "origin") ?? .kubelet,
            configuration: try configuration.value(),
            handler: handler,
            phase: try meaning(phase, "phase"),
            createdAt: createdAt,
            bootID: bootID,
            user: user,
            namespace: namespace,
            preparedBy: preparedBy,
            networks: networks.map {
                SandboxRecord.Network(interface: $0.interface, list: $0.list, result: $0.result)
            },
            addresses: addresses
        )
    }
}
