// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// A container in the database.
struct ContainerRow: StoredRow {
    /// How it ended.
    struct Ending: Codable {
        var finishedAt: Int64
        var code: Int32
        var reason: String
        var message: String
    }

    var schema: Int?
    var id: String
    var sandboxID: String
    var configuration: ContainerConfigurationRow
    var imageID: String
    var imagePath: String
    var imageFormat: String
    var uuid: String
    var shape: GuestShapeRow
    var hardware: GuestHardwareRow?
    var phase: String
    var createdAt: Int64
    var startedAt: Int64
    var earlierMemoryKills: Int?
    var ending: Ending?

    init(_ record: ContainerRecord) {
        schema = PodDatabase.schema
        id = record.id
        sandboxID = record.sandboxID
        configuration = ContainerConfigurationRow(record.configuration)
        imageID = record.imageID
        imagePath = record.imagePath
        imageFormat = record.imageFormat
        uuid = record.uuid
        shape = GuestShapeRow(record.shape)
        hardware = record.hardware.map { GuestHardwareRow($0) }
        phase = record.phase.rawValue
        createdAt = record.createdAt
        startedAt = record.startedAt
        earlierMemoryKills = record.earlierMemoryKills
        ending = record.ending.map {
            Ending(finishedAt: $0.finishedAt, code: $0.code, reason: $0.reason, message: $0.message)
        }
    }

    func record() throws(RowError) -> ContainerRecord {
        ContainerRecord(
            id: id,
            sandboxID: sandboxID,
            configuration: try configuration.value(),
            imageID: imageID,
            imagePath: imagePath,
            imageFormat: imageFormat,
            uuid: uuid,
            shape: try shape.value(),
            hardware: try hardware?.value(),
            phase: try meaning(phase, "phase"),
            createdAt: createdAt,
            startedAt: startedAt,
            earlierMemoryKills: earlierMemoryKills,
            ending: ending.map {
                ContainerRecord.Ending(
                    finishedAt: $0.finishedAt,
                    code: $0.code,
                    reason: $0.reason,
                    message: $0.message
                )
            }
        )
    }
}
