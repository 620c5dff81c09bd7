// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The files of a NoCloud seed, which go on a medium labelled `cidata`.
/// See https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
public struct Seed: Hashable, Sendable {
    /// The volume label by which cloud-init finds the medium.
    public static let volumeLabel = "cidata"

    /// The file `meta-data`.
    public let metaData: String
    /// The file `user-data`.
    public let userData: String
    /// The file `vendor-data`; nil where all is in the user-data.
    public let vendorData: String?
    /// The file `network-config`, version 2; nil leaves the network to the image.
    public let networkConfig: String?

    /// The seed of a guest and its interfaces.
    /// - Throws: `CloudInitError` where the user's cloud-config cannot be read.
    public init(guest: GuestDescription, interfaces: [GuestInterface]) throws(CloudInitError) {
        metaData = try YAML.text(Self.metaData(guest))
        let documents = try UserDocuments(guest)
        userData = documents.userData
        vendorData = documents.vendorData
        guard guest.addressing != .image, !interfaces.isEmpty else {
            networkConfig = nil
            return
        }
        let network = NetworkConfig(interfaces, addressing: guest.addressing, dns: guest.dns)
        networkConfig = try YAML.text(network.yaml)
    }

    /// Names and contents of the files, in a fixed order.
    public var files: [(name: String, content: String)] {
        var files = [(name: "meta-data", content: metaData), (name: "user-data", content: userData)]
        if let vendorData { files.append((name: "vendor-data", content: vendorData)) }
        if let networkConfig { files.append((name: "network-config", content: networkConfig)) }
        return files
    }

    /// Host name and keys also stand here: they reach guests whose user-data is not ours to write.
    private static func metaData(_ guest: GuestDescription) -> YAML {
        var entries: [(String, YAML)] = [
            ("instance-id", .text(guest.instanceID)), ("local-hostname", .text(guest.hostname)),
        ]
        if !guest.sshKeys.isEmpty { entries.append(("public-keys", .list(guest.sshKeys.map { .text($0) }))) }
        return .map(entries)
    }
}
