// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes
public import PreparedInterface

/// What a guest must be told by cloud-init, apart from what its interfaces are.
public struct GuestDescription: Hashable, Sendable {
    /// The instance's id: a new one makes cloud-init run again from the start.
    public var instanceID: String
    /// The host name.
    public var hostname: String
    /// Public SSH keys of the image's default user, a line each.
    public var sshKeys: [String]
    /// Files that cloud-init writes.
    public var files: [GuestFile]
    /// Commands that cloud-init runs at the first boot, each with its arguments; no shell reads them.
    public var commands: [[String]]
    /// The user's own user-data, in any form that cloud-init knows.
    public var userData: String?
    /// Where the guest takes its addresses from.
    public var addressing: Addressing
    /// The resolver configuration of whoever asked for the machine; it wins over the network's.
    public var dns: DNS?

    /// Where a guest takes its addresses from.
    public enum Addressing: String, Hashable, Sendable, CaseIterable {
        /// The addresses of the prepared interface where it has any, else DHCP where somebody answers it.
        case prepared
        /// DHCP for IPv4, even where the addresses are known.
        case dhcp
        /// No network-config at all: what the image does by itself, which mostly is DHCP.
        case image
    }

    /// A guest.
    public init(
        instanceID: String,
        hostname: String,
        sshKeys: [String] = [],
        files: [GuestFile] = [],
        commands: [[String]] = [],
        userData: String? = nil,
        addressing: Addressing = .prepared,
        dns: DNS? = nil
    ) {
        self.instanceID = instanceID
        self.hostname = hostname
        self.sshKeys = sshKeys
        self.files = files
        self.commands = commands
        self.userData = userData
        self.addressing = addressing
        self.dns = dns
    }
}

/// A file that cloud-init writes in the guest (module write_files).
public struct GuestFile: Hashable, Sendable {
    /// The absolute path in the guest.
    public var path: String
    /// The content.
    public var content: String
    /// The permission bits.
    public var mode: UInt16

    /// A file; owned by root.
    public init(path: String, content: String, mode: UInt16 = 0o644) {
        self.path = path
        self.content = content
        self.mode = mode
    }
}

/// An interface as the guest sees it.
public struct GuestInterface: Hashable, Sendable {
    /// The name that the guest gives it.
    public var name: InterfaceName
    /// Its configuration.
    public var configuration: GuestConfiguration

    /// An interface and its name in the guest.
    public init(name: InterfaceName, configuration: GuestConfiguration) {
        self.name = name
        self.configuration = configuration
    }

    /// A prepared interface under the name that CNI gave it.
    public init(_ prepared: PreparedInterface) {
        self.init(name: prepared.key.interface, configuration: prepared.guest)
    }
}
