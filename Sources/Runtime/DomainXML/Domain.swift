// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// A libvirt domain as this project makes it: a virtual machine that boots from a disk by its firmware.
public struct Domain: Hashable, Sendable {
    /// The domain's name.
    public var name: String
    /// Its UUID, which no other domain has.
    public var uuid: UUID
    /// The UUID that the guest sees; nil for the domain's.
    ///
    /// Other guests may see the same.
    public var systemUUID: UUID?
    /// The guest's memory.
    public var memoryMiB: Int
    /// The guest's processors.
    public var vcpus: Int
    /// The board that is modelled.
    public var machine: Board
    /// What runs the guest's instructions.
    public var accelerator: Accelerator
    /// The processor that the guest sees.
    public var cpu = Processor.best
    /// What starts the guest's boot loader.
    public var firmware = Firmware.bios
    /// Whether QEMU stays, stopped, when the guest's kernel panics, so that it can be told from a crash of QEMU.
    public var keepsPanicked = false
    /// The most memory that the translator keeps translated code in; nil for its own bound, and with KVM.
    public var translationCacheMiB: Int?
    /// The disks, first the one to boot from.
    public var disks: [Disk]
    /// How the guest sees them.
    public var diskBus = DiskBus.virtio
    /// The network interfaces.
    public var interfaces: [DomainInterface]
    /// The file to which all that the guest writes on its console is appended.
    public var consoleLog: String
    /// The user and group that QEMU runs as.
    public var user: User
    /// The program that libvirt runs; needed only where an interface is wrapped.
    public var wrapper: Wrapper?
    /// Who made the domain, written into its metadata.
    public var owner: String

    /// A board.
    public enum Board: String, Hashable, Sendable, CaseIterable {
        /// i440FX: fewer devices to set up, so the fastest to boot.
        case pc
        /// Q35: PCI Express.
        case q35

        /// The bus that interfaces are put on.
        var rootBus: String { self == .pc ? "pci.0" : "pcie.0" }
    }

    /// What runs the guest's instructions.
    public enum Accelerator: String, Hashable, Sendable, CaseIterable {
        /// The processor itself.
        case kvm
        /// QEMU's translator.
        case tcg
    }

    /// A processor that a guest sees.
    public enum Processor: Hashable, Sendable {
        /// The node's own with KVM, all that it can translate with TCG.
        case best
        /// One like the node's, by its name and features, for guests that look closely.
        case host
        /// One that is told.
        case model(ProcessorModel)
    }

    /// What starts a guest's boot loader.
    public enum Firmware: Hashable, Sendable {
        /// SeaBIOS.
        case bios
        /// EDK II; `variables` is the file that keeps what the guest tells it.
        case uefi(variables: String)
    }

    /// A disk.
    public struct Disk: Hashable, Sendable {
        /// The file.
        public var path: String
        /// Its format.
        public var format: Format
        /// The file under it, for an overlay; it has none of its own.
        public var base: Base?
        /// Whether the guest may only read it.
        public var isReadOnly: Bool

        /// A disk.
        public init(path: String, format: Format, base: Base? = nil, isReadOnly: Bool = false) {
            self.path = path
            self.format = format
            self.base = base
            self.isReadOnly = isReadOnly
        }
    }

    /// How a guest sees its disks.
    public enum DiskBus: String, Hashable, Sendable {
        /// virtio-blk: /dev/vda in Linux.
        case virtio
        /// virtio-scsi: /dev/sda in Linux.
        case scsi
    }

    /// The image under an overlay.
    public struct Base: Hashable, Sendable {
        /// The file.
        public var path: String
        /// Its format.
        public var format: Format

        /// An image.
        public init(path: String, format: Format) {
            self.path = path
            self.format = format
        }
    }

    /// A disk image's format.
    public enum Format: String, Hashable, Sendable {
        /// QEMU's copy-on-write format.
        case qcow2
        /// The bytes as they are.
        case raw
    }

    /// A user and group, by number.
    public struct User: Hashable, Sendable {
        /// The user.
        public var uid: UInt32
        /// The group.
        public var gid: UInt32

        /// A user and group.
        public init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// The program that fetches descriptors and becomes QEMU.
    public struct Wrapper: Hashable, Sendable {
        /// Its path.
        public var path: String
        /// The Unix socket where it fetches the descriptors.
        public var socket: String
        /// Whether vhost-net descriptors are served, too; only KVM guests can use them.
        public var offersVhost: Bool

        /// A wrapper and its socket.
        public init(path: String, socket: String, offersVhost: Bool = false) {
            self.path = path
            self.socket = socket
            self.offersVhost = offersVhost
        }
    }

    /// A domain.
    public init(
        name: String,
        uuid: UUID,
        memoryMiB: Int,
        vcpus: Int,
        machine: Board = .pc,
        accelerator: Accelerator,
        disks: [Disk],
        interfaces: [DomainInterface],
        consoleLog: String,
        user: User,
        wrapper: Wrapper? = nil,
        owner: String
    ) {
        self.name = name
        self.uuid = uuid
        self.memoryMiB = memoryMiB
        self.vcpus = vcpus
        self.machine = machine
        self.accelerator = accelerator
        self.disks = disks
        self.interfaces = interfaces
        self.consoleLog = consoleLog
        self.user = user
        self.wrapper = wrapper
        self.owner = owner
    }
}
