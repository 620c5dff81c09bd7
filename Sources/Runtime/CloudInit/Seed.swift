// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import JSON

/// The files of a seed, from which cloud-init configures a guest, and the label of the medium that they go on.
public struct Seed: Hashable, Sendable {
    /// How a seed is laid out, as Virtlet's users name it.
    public enum Layout: String, Hashable, Sendable, CaseIterable {
        /// https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
        case noCloud = "nocloud"
        /// https://cloudinit.readthedocs.io/en/latest/reference/datasources/configdrive.html
        case configDrive = "configdrive"
    }

    /// The volume label by which cloud-init finds the medium.
    public let volumeLabel: String
    /// The files, in a fixed order.
    public let files: [File]

    /// A file of a seed.
    public struct File: Hashable, Sendable {
        /// Its path on the medium.
        public let path: String
        /// Its text.
        public let content: String
    }

    /// The seed of a guest and its interfaces.
    ///
    /// Same input, same seed, byte by byte.
    /// - Throws: `CloudInitError` where what the user wrote cannot be read or joined with ours, or the layout has no
    ///   word for the network.
    public init(guest: GuestDescription, interfaces: [GuestInterface]) throws(CloudInitError) {
        var budget = YAMLBudget()
        let metaData = try MetaData(guest, &budget)
        let documents = try UserDocuments(guest, &budget)
        let settings =
            guest.addressing == .image
            ? [] : interfaces.map { InterfaceSettings($0, addressing: guest.addressing, dns: guest.dns) }
        switch guest.layout {
        case .noCloud:
            volumeLabel = "cidata"
            var files = [
                File(path: "meta-data", content: metaData.yaml),
                File(path: "user-data", content: documents.userData),
            ]
            if let vendor = documents.vendorData { files.append(File(path: "vendor-data", content: vendor)) }
            if !settings.isEmpty {
                let network = try NetworkConfig.document(settings, guest.networkVersion)
                files.append(File(path: "network-config", content: YAMLWriter.text(network)))
            }
            self.files = files
        case .configDrive:
            volumeLabel = "config-2"
            let folder = "openstack/latest"
            var files = [
                File(path: "\(folder)/meta_data.json", content: metaData.json),
                File(path: "\(folder)/user_data", content: documents.userData),
            ]
            if let vendor = documents.vendorData {
                let json = JSONValue.object(JSONObject([("cloud-init", .string(vendor))]))
                files.append(File(path: "\(folder)/vendor_data.json", content: Self.text(json)))
            }
            if !settings.isEmpty {
                let json = try NetworkData.document(settings)
                files.append(File(path: "\(folder)/network_data.json", content: Self.text(json)))
            }
            self.files = files
        }
    }

    /// The text of a file; nil where there is none of this path.
    public subscript(path: String) -> String? { files.first { $0.path == path }?.content }

    private static func text(_ json: JSONValue) -> String {
        String(decoding: json.serialized(), as: UTF8.self) + "\n"
    }
}
