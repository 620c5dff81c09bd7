// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML

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
    /// Settings that only cloud-init can read, like those of a MIME archive, go into an archive with ours, whose parts
    /// say how they are merged: in the vendor-data, our lists would be lost beside the user's. A script is passed on
    /// byte by byte, for guests that run nothing else; it has no lists, and ours go into the vendor-data.
    init(_ guest: GuestDescription, _ budget: inout YAMLBudget) throws(CloudInitError) {
        let ours = try Self.settings(guest)
        let user = guest.userData.flatMap { $0.text.isEmpty ? nil : $0 }
        let form = user.map { UserDataForm($0.text) } ?? .settings
        var settings = YAMLMap()
        for text in (form == .settings ? [user].compactMap(\.self) : []) + guest.userSettings {
            try Self.merge(try Self.read(text, &budget, ours: ours), over: &settings, Path(text))
        }
        Self.append(ours, to: &settings)
        let document = Self.header + YAMLWriter.text(.map(settings))
        let text = user?.text ?? ""
        switch form {
        case .settings: (userData, vendorData) = (document, nil)
        case .part, .archive:
            userData = UserDataArchive.text(text, isArchive: form == .archive, with: document)
            vendorData = nil
        case .script: (userData, vendorData) = (Self.script(text, guest.bootScripts), document)
        }
    }

    // MARK: - Ours

    private static func settings(_ guest: GuestDescription) throws(CloudInitError) -> YAMLMap {
        var entries = names(guest)
        if !guest.sshKeys.isEmpty {
            entries.append(("ssh_authorized_keys", .list(guest.sshKeys.map { .text($0) })))
        }
        var files = guest.files
        // cloud-init would write it anew from a template at each boot, where the image says so.
        if files.contains(where: { $0.path == "/etc/hosts" }) {
            entries.append(("manage_etc_hosts", .flag(false)))
        }
        for script in guest.bootScripts {
            guard !script.name.isEmpty, !script.name.hasPrefix("."),
                !script.name.utf8.contains(UInt8(ascii: "/"))
            else {
                throw CloudInitError(
                    operation: "write a script for each boot",
                    reason: "its name is not a file's"
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
        if let command = resolver(guest) { entries.append(("bootcmd", .list([command]))) }
        if !guest.commands.isEmpty {
            let commands = guest.commands.map { words in YAMLNode.list(words.map { .text($0) }) }
            entries.append(("runcmd", .list(commands)))
        }
        return YAMLNode.keys(entries).map ?? YAMLMap()
    }

    /// The host name, as a pod's containers would have it: cloud-init by itself cuts it at its first dot.
    private static func names(_ guest: GuestDescription) -> [(String, YAMLNode)] {
        guard let dot = guest.hostname.utf8.firstIndex(of: UInt8(ascii: ".")) else {
            return [("hostname", .text(guest.hostname))]
        }
        return [
            ("hostname", .text(String(guest.hostname[..<dot]))), ("fqdn", .text(guest.hostname)),
            ("prefer_fqdn_over_hostname", .flag(true)),
        ]
    }

    /// The command that writes resolv.conf(5) at each boot where it has options; nil where it has none.
    ///
    /// No network configuration of cloud-init's has a word for them. The image, or a file that is mounted, has the last
    /// word where it is asked.
    private static func resolver(_ guest: GuestDescription) -> YAMLNode? {
        guard let dns = guest.dns, !dns.options.isEmpty, guest.addressing != .image,
            !guest.files.contains(where: { $0.path == "/etc/resolv.conf" })
        else { return nil }
        var lines = dns.servers.map { "nameserver \($0.text)\n" }
        if !dns.search.isEmpty { lines.append("search \(dns.search.joined(separator: " "))\n") }
        lines.append("options \(dns.options.joined(separator: " "))\n")
        // A file of its own takes the place of a link to what a resolver of systemd's tells, which has no options.
        let script =
            #"umask 022; printf %s "$1" > /etc/resolv.conf.pod && mv -f /etc/resolv.conf.pod /etc/resolv.conf"#
        return .list(["sh", "-c", script, "sh", lines.joined()].map { .text($0) })
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
        _ budget: inout YAMLBudget,
        ours: YAMLMap
    ) throws(CloudInitError) -> YAMLMap {
        let settings = try text.settings(&budget)
        for own in ours where own.value.list != nil {
            guard let value = settings[own.key.text], value.list == nil, !value.isNull else { continue }
            throw CloudInitError(
                operation: "merge \(text.source)",
                reason: "the key \(own.key.text) must be a list: items are added to it"
            )
        }
        return settings
    }

    /// A user's document over one before it: maps are merged key by key, lists appended, other values replaced.
    private static func merge(
        _ upper: YAMLMap,
        over lower: inout YAMLMap,
        _ path: Path
    ) throws(CloudInitError) {
        for entry in upper where !lower.add(entry.key, entry.value) {
            let path = path.appending(PlainKey(entry.key.text).description)
            try lower.change(entry.key.text) { (existing) throws(CloudInitError) in
                try merge(entry.value, over: &existing, path)
            }
        }
    }

    private static func merge(
        _ upper: YAMLNode,
        over lower: inout YAMLNode,
        _ path: Path
    ) throws(CloudInitError) {
        guard !upper.isNull else { return }
        switch (lower, upper) {
        case (_, _) where lower.isNull: lower = upper
        case (.map(var below), .map(let above)):
            // Alone, it is changed in place.
            lower = .list([])
            defer { lower = .map(below) }
            try merge(above, over: &below, path)
        case (.list(var below), .list(let above)):
            lower = .list([])
            below += above
            lower = .list(below)
        case (.scalar, .scalar): lower = upper
        default:
            throw CloudInitError(
                operation: "merge \(path.source)",
                reason:
                    "the key \(path.keys.joined(separator: ".")) has another type than before it: a list, a map and a text don't join"
            )
        }
    }

    /// Our settings in a user's: the user's keys win; lists are joined, the user's items before ours.
    private static func append(_ ours: YAMLMap, to user: inout YAMLMap) {
        for entry in ours where !user.add(entry.key, entry.value) {
            user.change(entry.key.text) { existing in
                if existing.isNull {
                    existing = entry.value
                } else if case .list(var items) = existing, case .list(let others) = entry.value {
                    existing = .list([])
                    items += others
                    existing = .list(items)
                }
            }
        }
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
