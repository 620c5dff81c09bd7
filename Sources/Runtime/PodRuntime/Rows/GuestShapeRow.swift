// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML

/// What a guest is made of, within a container's row.
struct GuestShapeRow: Codable {
    var vcpus: Int
    var memoryMiB: Int
    var rootSize: Int64?
    var systemUUID: String?
    var cpu: ProcessorRow?
    var diskBus: String?
    var isUEFI: Bool?

    init(_ shape: GuestShape) {
        vcpus = shape.vcpus
        memoryMiB = shape.memoryMiB
        rootSize = shape.rootSize
        systemUUID = shape.systemUUID
        cpu = ProcessorRow(shape.cpu)
        diskBus = shape.diskBus?.rawValue
        isUEFI = shape.isUEFI
    }

    /// Before they could be chosen, all guests had the best processor, virtio-blk and a BIOS.
    func value() throws(RowError) -> GuestShape {
        GuestShape(
            vcpus: vcpus,
            memoryMiB: memoryMiB,
            rootSize: rootSize,
            systemUUID: systemUUID,
            cpu: try cpu?.value() ?? .best,
            diskBus: try meaning(diskBus, "diskBus"),
            isUEFI: isUEFI ?? false
        )
    }
}

/// A guest's processor within a row: one of the three is there.
struct ProcessorRow: Codable {
    struct Chosen: Codable {}

    struct Told: Codable {
        var model: Model

        enum CodingKeys: String, CodingKey { case model = "_0" }
    }

    struct Model: Codable {
        struct Feature: Codable {
            var name: String
            var policy: String
        }

        var mode: String?
        var match: String?
        var model: String?
        var fallback: String?
        var features: [Feature]
    }

    var best: Chosen?
    var host: Chosen?
    var model: Told?

    init(_ processor: Domain.Processor) {
        switch processor {
        case .best: best = Chosen()
        case .host: host = Chosen()
        case .model(let model):
            self.model = Told(
                model: Model(
                    mode: model.mode?.rawValue,
                    match: model.match?.rawValue,
                    model: model.model,
                    fallback: model.fallback?.rawValue,
                    features: model.features.map {
                        Model.Feature(name: $0.name, policy: $0.policy.rawValue)
                    }
                )
            )
        }
    }

    func value() throws(RowError) -> Domain.Processor {
        switch (best, host, model?.model) {
        case (.some, nil, nil): return .best
        case (nil, .some, nil): return .host
        case (nil, nil, .some(let told)):
            var model = ProcessorModel()
            model.mode = try meaning(told.mode, "mode")
            model.match = try meaning(told.match, "match")
            model.model = told.model
            model.fallback = try meaning(told.fallback, "fallback")
            for feature in told.features {
                model.features.append(
                    ProcessorModel.Feature(
                        name: feature.name,
                        policy: try meaning(feature.policy, "policy")
                    )
                )
            }
            return .model(model)
        default: throw .ambiguous(field: "cpu")
        }
    }
}
