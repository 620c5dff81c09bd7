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
    var configuration: SandboxConfigurationRow
    var handler: String
    var phase: String
    var createdAt: Int64
    var bootID: String
    var user: UInt32
    var namespace: String
    var networks: [Network]
    var addresses: [String]

    init(_ record: SandboxRecord) {
        schema = PodDatabase.schema
        id = record.id
        configuration = SandboxConfigurationRow(record.configuration)
        handler = record.handler
        phase = record.phase.rawValue
        createdAt = record.createdAt
        bootID = record.bootID
        user = record.user
        namespace = record.namespace
        networks = record.networks.map { Network(interface: $0.interface, list: $0.list, result: $0.result) }
        addresses = record.addresses
    }

    func record() throws(RowError) -> SandboxRecord {
        SandboxRecord(
            id: id,
            configuration: try configuration.value(),
            handler: handler,
            phase: try meaning(phase, "phase"),
            createdAt: createdAt,
            bootID: bootID,
            user: user,
            namespace: namespace,
            networks: networks.map {
                SandboxRecord.Network(interface: $0.interface, list: $0.list, result: $0.result)
            },
            addresses: addresses
        )
    }
}
