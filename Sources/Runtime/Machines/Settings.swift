// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import HostPrograms

/// Where this host has what VMs are made of.
public struct Settings: Hashable, Sendable {
    /// What outlives a boot: VMs, their disks and logs.
    public var stateFolder = "/var/lib/contrail-vm"
    /// What does not: locks, records of interfaces, sandboxes.
    public var runFolder = "/run/contrail-vm"
    /// Where network namespaces get their names.
    public var namespaceFolder = "/run/netns"
    /// The users that QEMU runs as, one a VM.
    public var users = UserRange.standard
    /// libvirt's URI.
    public var libvirtURI = "qemu:///system"
    /// QEMU itself, for probes; libvirt finds its own.
    public var qemu = HostProgram("/usr/bin/qemu-system-x86_64")
    /// QEMU's tool for disk images.
    public var qemuImg = HostProgram("/usr/bin/qemu-img")
    /// The maker of seed media.
    public var xorrisofs = HostProgram("/usr/bin/xorrisofs")
    /// The emulator for machines whose taps lie in a pod's namespace.
    public var wrapper = "\(Installation.folder)/vmwrapper"

    /// The defaults.
    public init() {}

    /// The folder of the interfaces' records.
    public var interfacesFolder: String { "\(runFolder)/interfaces" }
    /// The folder of files that tell plugins which sandboxes are VMs.
    public var sandboxesFolder: String { "\(runFolder)/sandboxes" }
}

/// A range of user ids for QEMU.
public struct UserRange: Hashable, Sendable {
    /// The first id.
    public let first: UInt32
    /// The last id.
    public let last: UInt32

    /// One for each of 900 VMs.
    ///
    /// Above Debian's (to 65534) and systemd's own ranges (DynamicUser= takes 61184 to 65519), below those that
    /// useradd(8) gives user namespaces (from 100000).
    public static let standard = UserRange(checked: 66_000, 66_899)

    /// A range; nil where it is empty or begins at root or the system's users.
    public init?(first: UInt32, last: UInt32) {
        guard first >= 1000, first <= last, last < 4_000_000_000 else { return nil }
        self.init(checked: first, last)
    }

    private init(checked first: UInt32, _ last: UInt32) {
        self.first = first
        self.last = last
    }
}
