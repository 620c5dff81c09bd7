// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What makes a container that container within its sandbox.
public struct ContainerMetadata: Hashable, Sendable {
    /// The container's name in the pod.
    public var name: String
    /// Which attempt it is: kubelet counts up at each restart.
    public var attempt: UInt32

    /// Metadata.
    public init(name: String, attempt: UInt32) {
        self.name = name
        self.attempt = attempt
    }
}

/// The container that a caller asks for: to us, a virtual machine.
public struct ContainerConfiguration: Hashable, Sendable {
    /// Which container's attempt it is.
    public var metadata: ContainerMetadata
    /// The image.
    public var image: ImageReference
    /// The entry point of a container; a VM has none.
    public var command: [String]
    /// Its arguments.
    public var arguments: [String]
    /// Its working directory.
    public var workingDirectory: String
    /// Environment variables, in order.
    public var environment: [EnvironmentVariable]
    /// Folders and files of the node that it shall see.
    public var mounts: [ContainerMount]
    /// Devices of the node that it shall see.
    public var devices: [ContainerDevice]
    /// Devices by names of the Container Device Interface.
    public var cdiDevices: [String]
    /// Labels, to be given back.
    public var labels: [String: String]
    /// Annotations, to be given back.
    public var annotations: [String: String]
    /// The log's path below the sandbox's log directory; empty for none.
    public var logPath: String
    /// Whether somebody may write to its standard input.
    public var hasStandardInput: Bool
    /// Whether standard input is closed after the first who attaches.
    public var closesStandardInput: Bool
    /// Whether it has a terminal.
    public var hasTerminal: Bool
    /// Its resources; nil where the caller does not tell.
    public var resources: LinuxResources?
    /// Whether it asks for privileges on the node.
    public var isPrivileged: Bool

    /// A configuration with nothing but what it must have.
    public init(metadata: ContainerMetadata, image: ImageReference) {
        self.metadata = metadata
        self.image = image
        command = []
        arguments = []
        workingDirectory = ""
        environment = []
        mounts = []
        devices = []
        cdiDevices = []
        labels = [:]
        annotations = [:]
        logPath = ""
        hasStandardInput = false
        closesStandardInput = false
        hasTerminal = false
        isPrivileged = false
    }
}

/// A variable of a container's environment.
public struct EnvironmentVariable: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its value: bytes, which need not be UTF-8.
    public var value: [UInt8]

    /// A variable.
    public init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A folder or file of the node that a container shall see.
public struct ContainerMount: Hashable, Sendable {
    /// How mounts made later get through.
    public enum Propagation: String, Hashable, Sendable {
        /// Not at all.
        case `private`
        /// From the node into the container.
        case hostToContainer
        /// Both ways.
        case bidirectional
    }

    /// Where the container shall see it.
    public var containerPath: String
    /// Where it is on the node; empty where an image is mounted.
    public var hostPath: String
    /// Whether it is read-only.
    public var isReadOnly: Bool
    /// Whether all below is read-only, too.
    public var isRecursivelyReadOnly: Bool
    /// Whether its SELinux label is to be changed.
    public var isRelabelled: Bool
    /// How mounts made later get through.
    public var propagation: Propagation
    /// The image whose content is mounted; nil for a path of the node.
    public var image: ImageReference?

    /// A mount of a path of the node.
    public init(containerPath: String, hostPath: String, isReadOnly: Bool = false) {
        self.containerPath = containerPath
        self.hostPath = hostPath
        self.isReadOnly = isReadOnly
        isRecursivelyReadOnly = false
        isRelabelled = false
        propagation = .private
    }
}

/// A device of the node that a container shall see.
public struct ContainerDevice: Hashable, Sendable {
    /// Where the container shall see it.
    public var containerPath: String
    /// Where it is on the node.
    public var hostPath: String
    /// What it may do with it: r, w, m.
    public var permissions: String

    /// A device.
    public init(containerPath: String, hostPath: String, permissions: String) {
        self.containerPath = containerPath
        self.hostPath = hostPath
        self.permissions = permissions
    }
}
