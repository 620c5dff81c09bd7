// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What cloud-init takes user-data for, by how it begins: white space before it and the case of letters don't matter.
///
/// See https://cloudinit.readthedocs.io/en/latest/explanation/format.html
enum UserDataForm: Hashable {
    /// Settings that are read and joined here.
    case settings
    /// Settings, or what brings them, that only cloud-init can read: an archive, a template, an include, a patch.
    case part
    /// An archive in MIME.
    case archive
    /// A script, which has no settings; and what cloud-init does not know.
    case script

    /// The beginnings, the longest first: one may begin with another.
    private static let beginnings: [(text: String, form: UserDataForm)] = [
        ("#cloud-config-archive", .part), ("#cloud-config-jsonp", .part), ("## template: jinja", .part),
        ("#cloud-config", .settings), ("#include", .part), ("#part-handler", .part),
    ]

    init(_ text: String) {
        let head = Self.lowercased(text.utf8.prefix(4096))
        if head.contains("mime-version:"), Self.beginsWithHeader(text) {
            self = .archive
            return
        }
        let spaces = " \t\r\n\u{B}\u{C}".utf8
        let begun = Self.lowercased(text.utf8.drop { spaces.contains($0) }.prefix(64))
        self = Self.beginnings.first { begun.hasPrefix($0.text) }?.form ?? .script
    }

    private static func lowercased(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self).lowercased()
    }

    /// Whether the first line is a field of a message's head, or the line before one in a mailbox.
    private static func beginsWithHeader(_ text: String) -> Bool {
        if text.hasPrefix("From ") { return true }
        let name = text.utf8.prefix { $0 != UInt8(ascii: ":") && (0x21...0x7E).contains($0) }
        return !name.isEmpty && text.utf8.dropFirst(name.count).first == UInt8(ascii: ":")
    }
}

/// Joins a user's user-data with a cloud-config of ours in an archive that tells cloud-init how to merge them.
enum UserDataArchive {
    /// The user's keys win, at any depth; our items come after the user's.
    ///
    /// See https://cloudinit.readthedocs.io/en/latest/reference/merging.html
    private static let mergeType = "list(append)+dict(no_replace,recurse_list)+str()"

    static func text(_ user: String, isArchive: Bool, with settings: String) -> String {
        let boundary = boundary([user, settings])
        var lines = [
            "Content-Type: multipart/mixed; boundary=\"\(boundary)\"", "MIME-Version: 1.0", "",
            "--\(boundary)",
        ]
        if isArchive {
            lines.append(user)
        } else {
            // cloud-init looks at how a part of this type begins.
            lines += ["Content-Type: text/plain; charset=\"utf-8\"", "MIME-Version: 1.0"]
            if user.utf8.allSatisfy({ $0 < 0x80 }) {
                lines += ["Content-Transfer-Encoding: 7bit", "", user]
            } else {
                let text = Data(user.utf8).base64EncodedString(options: [
                    .lineLength76Characters, .endLineWithLineFeed,
                ])
                lines += ["Content-Transfer-Encoding: base64", "", text]
            }
        }
        lines += [
            "--\(boundary)", "Content-Type: text/cloud-config; charset=\"us-ascii\"", "MIME-Version: 1.0",
            "Content-Transfer-Encoding: 7bit", "Merge-Type: \(mergeType)", "", settings, "--\(boundary)--",
            "",
        ]
        return lines.joined(separator: "\n")
    }

    /// One that is in none of the texts, whatever is in them.
    private static func boundary(_ texts: [String]) -> String {
        let stem = Array("=contrail-vm=".utf8)
        var used = Set<Int>()
        for text in texts {
            let bytes = Array(text.utf8)
            var index = 0
            while let start = bytes[index...].firstIndex(of: stem[0]) {
                index = start + 1
                guard bytes[start...].starts(with: stem) else { continue }
                let digits = bytes[(start + stem.count)...].prefix(9).prefix {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                }
                if let number = Int(String(decoding: digits, as: UTF8.self)) { used.insert(number) }
            }
        }
        // Of so many numbers, one more than are used has one that is not.
        let free = (0...used.count).first { !used.contains($0) } ?? 0
        return "=contrail-vm=\(free)="
    }
}
