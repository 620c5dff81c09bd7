// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes
public import PreparedInterface

/// What a guest must be told by cloud-init, apart from what its interfaces are.
public struct GuestDescription: Hashable, Sendable {
    /// The instance's id: a new one makes cloud-init run again from the start.
    public var instanceID: String
    /// The host name; where it has dots, all of it is the guest's name.
    public var hostname: String
    /// How the seed is laid out.
    public var layout: Seed.Layout
    /// Public SSH keys of the image's default user, a line each.
    public var sshKeys: [String]
    /// Files that cloud-init writes.
    public var files: [GuestFile]
    /// Scripts that run at each boot.
    public var bootScripts: [BootScript]
    /// Commands that cloud-init runs at the first boot, each with its arguments; no shell reads them.
    public var commands: [[String]]
    /// The user's own user-data, in any form that cloud-init knows.
    public var userData: UserText?
    /// The user's settings for cloud-config: maps in YAML or JSON that are merged in this order, over `userData` where
    /// that is a cloud-config.
    public var userSettings: [UserText]
    /// The user's own meta-data, a map in YAML or JSON: its keys replace ours.
    public var metaData: UserText?
    /// Where the guest takes its addresses from.
    public var addressing: Addressing
    /// The version of a NoCloud seed's network-config.
    public var networkVersion: NetworkVersion
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

    /// A version of cloud-init's network-config.
    public enum NetworkVersion: Int, Hashable, Sendable, CaseIterable {
        /// For images with a cloud-init older than 17.1.
        case v1 = 1
        /// Netplan's words; the only one that can tell a gateway outside the network.
        case v2 = 2
    }

    /// A guest.
    public init(
        instanceID: String,
        hostname: String,
        sshKeys: [String] = [],
        files: [GuestFile] = [],
        commands: [[String]] = [],
        userData: UserText? = nil,
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
        layout = .noCloud
        networkVersion = .v2
        bootScripts = []
        userSettings = []
    }
}

/// A text that a user wrote, and where: errors name that place and never the text.
public struct UserText: Hashable, Sendable {
    /// Where it is from, like "the annotation VirtletCloudInitUserData".
    public var source: String
    /// The key whose value the text is; nil where it is a whole document.
    public var key: String?
    /// The text.
    public var text: String

    /// The longest text that is read.
    public static let mostBytes = 1 << 20

    /// A text from somewhere.
    public init(_ text: String, from source: String, key: String? = nil) {
        self.source = source
        self.key = key
        self.text = text
    }
}

/// A script in sh that cloud-init runs at each boot (module scripts_per_boot).
public struct BootScript: Hashable, Sendable {
    /// Its file's name; scripts run in the order of their names.
    public var name: String
    /// The whole file; it may run more than once a boot.
    public var text: String

    /// A script.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
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
