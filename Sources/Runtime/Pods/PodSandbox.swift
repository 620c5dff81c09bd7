// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What makes a sandbox that sandbox, in kubelet's words.
public struct PodSandboxMetadata: Hashable, Sendable {
    /// The pod's name.
    public var name: String
    /// The pod's UID.
    public var uid: String
    /// The pod's namespace.
    public var namespace: String
    /// Which attempt at this pod it is: kubelet counts up for each new sandbox.
    public var attempt: UInt32

    /// Metadata.
    public init(name: String, uid: String, namespace: String, attempt: UInt32) {
        self.name = name
        self.uid = uid
        self.namespace = namespace
        self.attempt = attempt
    }
}

/// Whether a sandbox is of use.
public enum PodSandboxState: String, Hashable, Sendable {
    /// Its network is there.
    case ready
    /// It was stopped, or its node was started anew.
    case notReady
}

/// A sandbox as lists show it.
public struct PodSandbox: Hashable, Sendable {
    /// Its id: one an attempt, never used again.
    public var id: String
    /// Which pod's attempt it is.
    public var metadata: PodSandboxMetadata
    /// Whether it is of use.
    public var state: PodSandboxState
    /// When it was made, in nanoseconds since 1970.
    public var createdAt: Int64
    /// Labels, as they came.
    public var labels: [String: String]
    /// Annotations, as they came.
    public var annotations: [String: String]
    /// The RuntimeClass's handler that it was asked for with; empty for the default.
    public var runtimeHandler: String

    /// A sandbox.
    public init(
        id: String,
        metadata: PodSandboxMetadata,
        state: PodSandboxState,
        createdAt: Int64,
        labels: [String: String] = [:],
        annotations: [String: String] = [:],
        runtimeHandler: String = ""
    ) {
        self.id = id
        self.metadata = metadata
        self.state = state
        self.createdAt = createdAt
        self.labels = labels
        self.annotations = annotations
        self.runtimeHandler = runtimeHandler
    }
}

/// A sandbox as a call for its status shows it.
public struct PodSandboxStatus: Hashable, Sendable {
    /// What lists show, too.
    public var sandbox: PodSandbox
    /// The pod's addresses as text, the one that kubelet takes for the pod's first; none for the node's network.
    public var addresses: [String]
    /// The namespaces that it was asked for with.
    public var namespaces: PodNamespaces
    /// More, by name, for people; only where the call was verbose.
    public var details: [String: String]

    /// A status.
    public init(
        sandbox: PodSandbox,
        addresses: [String],
        namespaces: PodNamespaces = PodNamespaces(),
        details: [String: String] = [:]
    ) {
        self.sandbox = sandbox
        self.addresses = addresses
        self.namespaces = namespaces
        self.details = details
    }
}
