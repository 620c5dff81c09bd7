// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Libvirt
import Pods

/// A container as it is written down, before anything of it is made.
struct ContainerRecord: Hashable, Sendable {
    /// Where it is in its life.
    enum Phase: String, Sendable {
        /// Being made: after a crash it is undone.
        case making
        /// Made, never started.
        case created
        /// Being started: after a crash libvirt tells how far it came.
        case starting
        /// Its guest runs.
        case running
        /// Its guest has ended.
        case exited
    }

    /// Its id.
    var id: String
    /// Its sandbox's id.
    var sandboxID: String
    /// What the caller asked for.
    var configuration: ContainerConfiguration
    /// The image's id in the store.
    var imageID: String
    /// The image's file.
    var imagePath: String
    /// The image's format, as QEMU calls it.
    var imageFormat: String
    /// The domain's UUID: our own, never the pod's.
    ///
    /// A domain that an earlier build made may have the pod's.
    var uuid: String
    /// What the guest is made of.
    var shape: GuestShape
    /// What was decided about its VM; nil where an earlier build made it, which decided at its start.
    var hardware: GuestHardware?
    /// Where it is in its life.
    var phase = Phase.making
    /// When it was asked for, in nanoseconds since 1970.
    var createdAt: Int64
    /// When it was started; 0 for never.
    var startedAt: Int64 = 0
    /// How often the kernel had killed for memory in the pod before it was started; nil where that is not told.
    var earlierMemoryKills: Int?
    /// How it ended; nil where it has not.
    var ending: Ending?

    /// How a container ended.
    struct Ending: Hashable, Sendable {
        /// When, in nanoseconds since 1970.
        var finishedAt: Int64
        /// What it means to kubelet.
        var code: Int32
        /// One word for it.
        var reason: String
        /// Words for it.
        var message: String
    }

    /// Whether it may have a guest: it runs or is being started.
    var hasGuest: Bool { phase == .running || phase == .starting }

    /// Its domain.
    var domain: DomainIdentity { DomainIdentity(name: Self.domainName(id), uuid: uuid) }

    /// The name of a container's domain.
    static func domainName(_ id: String) -> String { "cvm-\(id.prefix(16))" }

    /// What lists show.
    var listed: Container {
        Container(
            id: id,
            sandboxID: sandboxID,
            metadata: configuration.metadata,
            image: configuration.image.asRequested,
            imageID: imageID,
            state: state,
            createdAt: createdAt,
            labels: configuration.labels,
            annotations: configuration.annotations
        )
    }

    private var state: ContainerState {
        switch phase {
        case .making, .created, .starting: .created
        case .running: .running
        case .exited: .exited
        }
    }
}
