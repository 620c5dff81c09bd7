// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import CloudInit
public import DomainXML
import NetworkTypes

/// A machine that somebody asks for.
public struct MachineRequest: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The image's absolute path.
    public var image: String
    /// The guest's memory.
    public var memoryMiB: Int
    /// The guest's processors.
    public var vcpus: Int
    /// The board.
    public var board: Domain.Board
    /// What runs the guest's instructions.
    public var accelerator: Domain.Accelerator
    /// The network.
    public var network: Network
    /// The pod's namespace, as the network is told.
    public var podNamespace: String
    /// The pod's name, as the network is told.
    public var podName: String
    /// What cloud-init tells, beside id and host name.
    public var guest: GuestDescription

    /// Where a machine's interfaces come from.
    public enum Network: Hashable, Sendable {
        /// A sandbox of its own, attached to networks.
        case attach([SandboxNetwork])
        /// A sandbox that others made: its interfaces are recorded already.
        case prepared(ContainerID)
        /// None.
        case none
    }

    /// A request; the guest's id is filled in later.
    public init(
        name: String,
        image: String,
        memoryMiB: Int,
        vcpus: Int,
        board: Domain.Board,
        accelerator: Domain.Accelerator,
        network: Network,
        podNamespace: String,
        podName: String,
        guest: GuestDescription
    ) {
        self.name = name
        self.image = image
        self.memoryMiB = memoryMiB
        self.vcpus = vcpus
        self.board = board
        self.accelerator = accelerator
        self.network = network
        self.podNamespace = podNamespace
        self.podName = podName
        self.guest = guest
    }
}
