// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pods

/// A container's configuration within its row.
struct ContainerConfigurationRow: Codable {
    struct Metadata: Codable {
        var name: String
        var attempt: UInt32
    }

    struct Image: Codable {
        var name: String
        var annotations: [String: String]
        var userSpecifiedName: String
        var runtimeHandler: String

        init(_ reference: ImageReference) {
            name = reference.name
            annotations = reference.annotations
            userSpecifiedName = reference.userSpecifiedName
            runtimeHandler = reference.runtimeHandler
        }

        var value: ImageReference {
            ImageReference(
                name,
                annotations: annotations,
                userSpecifiedName: userSpecifiedName,
                runtimeHandler: runtimeHandler
            )
        }
    }

    struct Mount: Codable {
        var containerPath: String
        var hostPath: String
        var isReadOnly: Bool
        var isRecursivelyReadOnly: Bool
        var isRelabelled: Bool
        var propagation: String
        var image: Image?
    }

    struct Device: Codable {
        var containerPath: String
        var hostPath: String
        var permissions: String
    }

    var metadata: Metadata
    var image: Image
    var command: [String]
    var arguments: [String]
    var workingDirectory: String
    var environment: [VariableRow]
    var mounts: [Mount]
    var devices: [Device]
    var cdiDevices: [String]
    var labels: [String: String]
    var annotations: [String: String]
    var logPath: String
    var hasStandardInput: Bool
    var closesStandardInput: Bool
    var hasTerminal: Bool
    var resources: ResourcesRow?
    var isPrivileged: Bool

    init(_ configuration: ContainerConfiguration) {
        metadata = Metadata(name: configuration.metadata.name, attempt: configuration.metadata.attempt)
        image = Image(configuration.image)
        command = configuration.command
        arguments = configuration.arguments
        workingDirectory = configuration.workingDirectory
        environment = configuration.environment.map { VariableRow(name: $0.name, value: $0.value) }
        mounts = configuration.mounts.map {
            Mount(
                containerPath: $0.containerPath,
                hostPath: $0.hostPath,
                isReadOnly: $0.isReadOnly,
                isRecursivelyReadOnly: $0.isRecursivelyReadOnly,
                isRelabelled: $0.isRelabelled,
                propagation: $0.propagation.rawValue,
                image: $0.image.map { Image($0) }
            )
        }
        devices = configuration.devices.map {
            Device(
                containerPath: $0.containerPath,
                hostPath: $0.hostPath,
                permissions: $0.permissions
            )
        }
        cdiDevices = configuration.cdiDevices
        labels = configuration.labels
        annotations = configuration.annotations
        logPath = configuration.logPath
        hasStandardInput = configuration.hasStandardInput
        closesStandardInput = configuration.closesStandardInput
        hasTerminal = configuration.hasTerminal
        resources = configuration.resources.map { ResourcesRow($0) }
        isPrivileged = configuration.isPrivileged
    }

    func value() throws(RowError) -> ContainerConfiguration {
        var configuration = ContainerConfiguration(
            metadata: ContainerMetadata(name: metadata.name, attempt: metadata.attempt),
            image: image.value
        )
        configuration.command = command
        configuration.arguments = arguments
        configuration.workingDirectory = workingDirectory
        configuration.environment = environment.map { EnvironmentVariable(name: $0.name, value: $0.value) }
        for mount in mounts {
            var value = ContainerMount(
                containerPath: mount.containerPath,
                hostPath: mount.hostPath,
                isReadOnly: mount.isReadOnly
            )
            value.isRecursivelyReadOnly = mount.isRecursivelyReadOnly
            value.isRelabelled = mount.isRelabelled
            value.propagation = try meaning(mount.propagation, "propagation")
            value.image = mount.image?.value
            configuration.mounts.append(value)
        }
        configuration.devices = devices.map {
            ContainerDevice(
                containerPath: $0.containerPath,
                hostPath: $0.hostPath,
                permissions: $0.permissions
            )
        }
        configuration.cdiDevices = cdiDevices
        configuration.labels = labels
        configuration.annotations = annotations
        configuration.logPath = logPath
        configuration.hasStandardInput = hasStandardInput
        configuration.closesStandardInput = closesStandardInput
        configuration.hasTerminal = hasTerminal
        configuration.resources = resources?.value
        configuration.isPrivileged = isPrivileged
        return configuration
    }
}

/// An environment variable within a row.
///
/// Its bytes are in base64; rows of schema 1 have an array of numbers, four times as long and slow to read.
struct VariableRow: Codable {
    var name: String
    var value: [UInt8]

    private enum CodingKeys: String, CodingKey {
        case name
        case value
    }

    init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(String.self, forKey: .name)
        if let numbers = try? fields.decode([UInt8].self, forKey: .value) {
            value = numbers
        } else {
            value = Array(try fields.decode(Data.self, forKey: .value))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, forKey: .name)
        try fields.encode(Data(value), forKey: .value)
    }
}
