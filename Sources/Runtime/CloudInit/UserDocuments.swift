// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Yams

/// The two documents that cloud-init configures a guest by: the user's and, where that is not ours to
/// touch, the vendor's, which the user's overrides.
struct UserDocuments {
    private static let header = "#cloud-config\n"

    let userData: String
    let vendorData: String?

    /// Merges our settings into the user's cloud-config.
    ///
    /// A script, a template or a MIME archive is passed on byte by byte, and our settings go into the
    /// vendor-data.
    init(_ guest: GuestDescription) throws(CloudInitError) {
        let ours = Self.settings(guest)
        guard let raw = guest.userData, !raw.isEmpty else {
            userData = Self.header + (try YAML.text(ours))
            vendorData = nil
            return
        }
        guard Self.isCloudConfig(raw) else {
            userData = raw
            vendorData = Self.header + (try YAML.text(ours))
            return
        }
        userData = Self.header + (try YAML.text(Self.merge(ours.node, under: Self.parse(raw))))
        vendorData = nil
    }

    private static func settings(_ guest: GuestDescription) -> YAML {
        var entries: [(String, YAML)] = [("hostname", .text(guest.hostname))]
        if !guest.sshKeys.isEmpty {
            entries.append(("ssh_authorized_keys", .list(guest.sshKeys.map { .text($0) })))
        }
        if !guest.files.isEmpty { entries.append(("write_files", .list(guest.files.map(Self.file)))) }
        if !guest.commands.isEmpty {
            let commands = guest.commands.map { words in YAML.list(words.map { .text($0) }) }
            entries.append(("runcmd", .list(commands)))
        }
        return .map(entries)
    }

    private static func file(_ file: GuestFile) -> YAML {
        .map([
            ("path", .text(file.path)), ("permissions", .text("0" + String(file.mode, radix: 8))),
            ("content", .text(file.content)),
        ])
    }

    private static func isCloudConfig(_ text: String) -> Bool {
        guard text.hasPrefix("#cloud-config") else { return false }
        return !text.hasPrefix("#cloud-config-")
    }

    private static func parse(_ text: String) throws(CloudInitError) -> Node.Mapping {
        let operation = "read the user-data as #cloud-config"
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            throw CloudInitError(operation: operation, reason: "\(error)")
        }
        switch document {
        case nil: return Node.Mapping([])
        case .scalar(let scalar) where scalar.string.isEmpty: return Node.Mapping([])
        case .mapping(let mapping): return mapping
        default: throw CloudInitError(operation: operation, reason: "it is no map of keys")
        }
    }

    /// The user's keys come first and win; lists are joined, the user's items before ours.
    private static func merge(_ ours: Node, under user: Node.Mapping) -> Node {
        var merged = user
        guard case .mapping(let additions) = ours else { return .mapping(merged) }
        for (key, value) in additions {
            guard let existing = merged[key] else {
                merged[key] = value
                continue
            }
            if case .sequence(let first) = existing, case .sequence(let second) = value {
                merged[key] = .sequence(Node.Sequence(Array(first) + Array(second), first.tag, first.style))
            }
        }
        return .mapping(merged)
    }
}
