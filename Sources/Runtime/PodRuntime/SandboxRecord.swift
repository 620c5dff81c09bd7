// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Machines
import Pods

/// A sandbox as it is written down, before anything of it is made.
struct SandboxRecord: Hashable, Sendable {
    /// Where it is in its life.
    enum Phase: String, Sendable {
        /// Being made: after a crash it is undone.
        case making
        /// Its network is there.
        case ready
        /// Stopped, or its node was started anew; nothing of its network is left but what is owed.
        case stopped
    }

    /// A network that it was attached to.
    struct Network: Hashable, Sendable {
        /// The interface's name.
        var interface: String
        /// The network configuration list, whole: DEL gets the same as ADD.
        var list: String
        /// The result of ADD in JSON; nil before, and where the run was cut short.
        var result: String?
    }

    /// Its id.
    var id: String
    /// At whose socket it was made.
    var origin = Origin.kubelet
    /// What the caller asked for.
    var configuration: PodSandboxConfiguration
    /// The RuntimeClass's handler.
    var handler: String
    /// Where it is in its life.
    var phase = Phase.making
    /// When it was asked for, in nanoseconds since 1970.
    var createdAt: Int64
    /// The boot in which it was made: devices of an earlier one are gone.
    var bootID: String
    /// The user that its QEMU runs as.
    var user: UInt32
    /// The path of its network namespace; empty where it has none of its own.
    var namespace: String
    /// The sandbox, made by others, whose interfaces it has; nil for its own, or none.
    var preparedBy: String?
    /// Its networks whose DEL has not succeeded yet.
    var networks: [Network] = []
    /// Its addresses, the pod's first.
    var addresses: [String] = []

    /// Whether its network can be used: one whose namespace somebody took away can not, and has to be made anew.
    var isReady: Bool { phase == .ready && (namespace.isEmpty || NamedNamespace.isAlive(namespace)) }

    /// The sandbox as whose interfaces plugins have written down what it has; nil where it has no network.
    var attached: String? { preparedBy ?? (namespace.isEmpty ? nil : id) }

    /// What lists show.
    var listed: PodSandbox {
        PodSandbox(
            id: id,
            metadata: configuration.metadata,
            state: isReady ? .ready : .notReady,
            createdAt: createdAt,
            labels: configuration.labels,
            annotations: configuration.annotations,
            runtimeHandler: handler
        )
    }
}
