// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Yams

/// The two documents that cloud-init configures a guest by: the user's and, where that is not ours to
/// touch, the vendor's, which the user's overrides.
struct UserDocuments {
    private static let header = "#cloud-config\n"
    /// Where Virtlet put the script that mounts volumes into a user's script.
    private static let scriptPlace = "@virtlet-mount-script@"

    let userData: String
    let vendorData: String?

    /// Merges the user's settings, and ours into them.
    ///
    /// A script, a template or a MIME archive is passed on byte by byte, and the settings go into the
    /// vendor-data.
    init(_ guest: GuestDescription) throws(CloudInitError) {
        let ours = try Self.settings(guest)
        var verbatim: String?
        var users: [UserText] = []
        if let data = guest.userData, !data.text.isEmpty {
            if Self.isCloudConfig(data.text) { users.append(data) } else { verbatim = data.text }
        }
        var settings = Node.Mapping([])
        var taken = YAMLReader.Taken()
        for text in users + guest.userSettings {
            settings = try Self.merge(try Self.read(text, &taken, ours: ours), over: settings, Path(text))
        }
        let document = Self.header + (try YAML.text(.mapping(Self.append(ours, to: settings))))
        userData = verbatim.map { Self.script($0, guest.bootScripts) } ?? document
        vendorData = verbatim == nil ? nil : document
    }

    // MARK: - Ours

    private static func settings(_ guest: GuestDescription) throws(CloudInitError) -> Node.Mapping {
        var entries: [(String, YAML)] = [("hostname", .text(guest.hostname))]
        if !guest.sshKeys.isEmpty {
            entries.append(("ssh_authorized_keys", .list(guest.sshKeys.map { .text($0) })))
        }
        var files = guest.files
        for script in guest.bootScripts {
            guard !script.name.isEmpty, !script.name.hasPrefix("."),
                !script.name.utf8.contains(UInt8(ascii: "/"))
            else {
                throw CloudInitError(
                    operation: "write a script for each boot",
                    reason: "its name is no file's"
                )
            }
            files.append(
                GuestFile(
                    path: "/var/lib/cloud/scripts/per-boot/\(script.name)",
                    content: script.text,
                    mode: 0o755
                )
            )
        }
        if !files.isEmpty { entries.append(("write_files", .list(files.map(\.entry)))) }
        if !guest.commands.isEmpty {
            let commands = guest.commands.map { words in YAML.list(words.map { .text($0) }) }
            entries.append(("runcmd", .list(commands)))
        }
        return YAML.map(entries).node.mapping ?? Node.Mapping([])
    }

    /// A user's script with those for each boot in the place that it has for them, each in a shell of its own.
    ///
    /// Guests that run nothing but the user's script, like CirrOS, have their volumes by this alone.
    private static func script(_ text: String, _ scripts: [BootScript]) -> String {
        let parts = text.components(around: scriptPlace)
        let inserted = scripts.sorted { $0.name < $1.name }.map { "(\n\($0.text)\n)\n" }.joined()
        return parts.joined(separator: inserted)
    }

    // MARK: - The user's

    private static func isCloudConfig(_ text: String) -> Bool {
        guard text.hasPrefix("#cloud-config") else { return false }
        return !text.hasPrefix("#cloud-config-")
    }

    /// Where in a user's document something stands.
    private struct Path {
        let source: String
        var keys: [String] = []

        init(_ text: UserText) { source = text.source }

        func appending(_ key: String) -> Path {
            var path = self
            path.keys.append(key)
            return path
        }
    }

    /// The user's settings; where we have a list, theirs must be one: it could not be kept beside ours.
    private static func read(
        _ text: UserText,
        _ taken: inout YAMLReader.Taken,
        ours: Node.Mapping
    ) throws(CloudInitError) -> Node.Mapping {
        let settings = try YAMLReader.map(text, &taken)
        for (key, value) in settings {
            guard let own = ours[key], own.sequence != nil, value.sequence == nil, !YAMLReader.isNull(value)
            else {
                continue
            }
            throw CloudInitError(
                operation: "merge \(text.source)",
                reason: "the key \(PlainKey(key)) is no list, which it must be beside ours"
            )
        }
        return settings
    }

    /// A user's document over one before it: maps are merged key by key, lists appended, other values replaced.
    private static func merge(
        _ upper: Node.Mapping,
        over lower: Node.Mapping,
        _ path: Path
    ) throws(CloudInitError) -> Node.Mapping {
        var merged = lower
        for (key, value) in upper {
            guard let existing = merged[key], !YAMLReader.isNull(existing) else {
                merged[key] = value
                continue
            }
            switch (existing, value) {
            case (.mapping(let below), .mapping(let above)):
                merged[key] = .mapping(
                    try merge(above, over: below, path.appending(PlainKey(key).description))
                )
            case (.sequence(let below), .sequence(let above)):
                merged[key] = .sequence(Node.Sequence(Array(below) + Array(above), below.tag, .block))
            case (.scalar, .scalar): merged[key] = value
            case (_, _) where YAMLReader.isNull(value): break
            default:
                let keys = (path.keys + [PlainKey(key).description]).joined(separator: ".")
                throw CloudInitError(
                    operation: "merge \(path.source)",
                    reason:
                        "the key \(keys) is of another type than before it: a list, a map and a text don't join"
                )
            }
        }
        return merged
    }

    /// Our settings in a user's: the user's keys win; lists are joined, the user's items before ours.
    private static func append(_ ours: Node.Mapping, to user: Node.Mapping) -> Node.Mapping {
        var joined = user
        for (key, value) in ours {
            guard let existing = joined[key], !YAMLReader.isNull(existing) else {
                joined[key] = value
                continue
            }
            if case .sequence(let first) = existing, case .sequence(let second) = value {
                joined[key] = .sequence(Node.Sequence(Array(first) + Array(second), first.tag, .block))
            }
        }
        return joined
    }
}

/// A key as it may stand in a message.
struct PlainKey: CustomStringConvertible {
    let description: String

    init(_ node: Node) {
        let text = (node.scalar?.string ?? "").unicodeScalars.prefix(64)
        description = String(
            String.UnicodeScalarView(text.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 })
        )
    }
}

extension String {
    /// The parts of a text around each place where a word stands.
    fileprivate func components(around word: String) -> [String] {
        var parts: [[UInt8]] = [[]]
        let word = Array(word.utf8)
        let bytes = Array(utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == word[0], bytes[index...].starts(with: word) {
                parts.append([])
                index += word.count
            } else {
                parts[parts.count - 1].append(bytes[index])
                index += 1
            }
        }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }
}
