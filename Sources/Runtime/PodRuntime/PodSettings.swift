// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import DomainXML
public import Machines
public import NetworkTypes
public import Pods

/// What the operator decides.
public struct PodSettings: Sendable {
    /// Where this host has what machines are made of; `users` are those of pods.
    public var machines: Settings
    /// Where network configuration lists are; the first by name counts.
    public var networkFolder = "/etc/cni/net.d"
    /// What runs the guests' instructions.
    public var accelerator = Domain.Accelerator.kvm
    /// The board of guests.
    public var board = Domain.Board.pc
    /// What QEMU itself takes of a pod's memory, in MiB; nil for what it needs.
    public var memoryOverheadMiB: Int?
    /// Handlers of RuntimeClasses that are served, besides the default one, which has no name.
    public var handlers: [String] = []
    /// The most bytes of a root disk; nil for any that the node can hold.
    public var rootVolumeLimit: Int64?
    /// Who makes cgroups, and in which notation kubelet names them.
    public var cgroupDriver = CgroupDriver.cgroupfs
    /// Where cgroups are mounted.
    public var cgroupRoot = "/sys/fs/cgroup"
    /// Where libvirt writes the process ids of its QEMUs.
    public var processFolder = "/run/libvirt/qemu"
    /// The networks that emulators reach by TCP; they have no other IP of the node.
    public var storageNetworks: [IPPrefix] = []
    /// How many guests are started at once; others wait.
    public var startsAtOnce = 4
    /// How long a guest with vhost-user sockets waits for the vRouter.
    public var vrouterSeconds = 60

    /// What of this node must be in order.
    var examination = NodeExamination()

    /// The defaults.
    public init(machines: Settings = Settings()) { self.machines = machines }

    /// What QEMU needs beside a guest on the node's accelerator.
    var needs: EmulatorNeeds { needs(with: accelerator) }

    /// What QEMU needs beside a guest.
    func needs(with accelerator: Domain.Accelerator) -> EmulatorNeeds {
        EmulatorNeeds(accelerator: accelerator, fixedMiB: memoryOverheadMiB)
    }

    /// The folder of all pods' files.
    var podsFolder: String { "\(machines.stateFolder)/pods" }
    /// The database.
    var database: String { "\(machines.stateFolder)/pods.sqlite" }
}
