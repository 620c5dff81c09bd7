// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Where a container is in its life.
public enum ContainerState: String, Hashable, Sendable {
    /// Made, never started.
    case created
    /// Its guest runs.
    case running
    /// Its guest has ended.
    case exited
    /// It can't be told now.
    case unknown
}

/// A container as lists show it.
public struct Container: Hashable, Sendable {
    /// Its id, never used again.
    public var id: String
    /// Its sandbox's id.
    public var sandboxID: String
    /// Which container's attempt it is.
    public var metadata: ContainerMetadata
    /// The image as it was asked for.
    public var image: ImageReference
    /// The image as the store knows it, by which kubelet asks for it later.
    public var imageID: String
    /// Where it is in its life.
    public var state: ContainerState
    /// When it was made, in nanoseconds since 1970.
    public var createdAt: Int64
    /// Labels, as they came.
    public var labels: [String: String]
    /// Annotations, as they came.
    public var annotations: [String: String]

    /// A container.
    public init(
        id: String,
        sandboxID: String,
        metadata: ContainerMetadata,
        image: ImageReference,
        imageID: String,
        state: ContainerState,
        createdAt: Int64,
        labels: [String: String] = [:],
        annotations: [String: String] = [:]
    ) {
        self.id = id
        self.sandboxID = sandboxID
        self.metadata = metadata
        self.image = image
        self.imageID = imageID
        self.state = state
        self.createdAt = createdAt
        self.labels = labels
        self.annotations = annotations
    }
}

/// A container as a call for its status shows it.
public struct ContainerStatus: Hashable, Sendable {
    /// What lists show, too.
    public var container: Container
    /// When it was started, in nanoseconds since 1970; 0 for never.
    public var startedAt: Int64
    /// When it ended, in nanoseconds since 1970; 0 for not yet.
    public var finishedAt: Int64
    /// 0 where it ended well; only of meaning where the state is `exited`.
    public var exitCode: Int32
    /// Why it is in its state, in one word in camel case, like "OOMKilled".
    public var reason: String
    /// Why it is in its state, in words.
    public var message: String
    /// The mounts that it was asked for with.
    public var mounts: [ContainerMount]
    /// The log's path on the node, whole; empty for none.
    public var logPath: String
    /// The resources it has now; nil where they are not told.
    public var resources: LinuxResources?
    /// More, by name, for people; only where the call was verbose.
    public var details: [String: String]

    /// The status of a container that was not started yet.
    public init(container: Container) {
        self.container = container
        startedAt = 0
        finishedAt = 0
        exitCode = 0
        reason = ""
        message = ""
        mounts = []
        logPath = ""
        details = [:]
    }
}
