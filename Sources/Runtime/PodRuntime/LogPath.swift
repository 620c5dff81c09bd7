// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// Where a container's log is: a folder that kubelet made for the pod, and a path below it.
struct LogPath: Hashable, Sendable {
    /// The pod's folder, from the root.
    let folder: String
    /// The names below it, the file's last.
    let names: [String]

    /// A log in a pod's folder; nil where one of them is empty, for then there is no log.
    /// - Throws: Where the path would lead out of the folder.
    init?(folder: String, name: String) throws(PodServiceError) {
        guard !folder.isEmpty, !name.isEmpty else { return nil }
        try Self.check(folder, "log_directory", isAbsolute: true)
        try Self.check(name, "log_path", isAbsolute: false)
        let folderNames = folder.split(separator: "/")
        guard let last = folderNames.last else {
            throw Self.refusal(folder, "log_directory", "is the root of the file system")
        }
        // Kubelet makes the pod's own folder: like all below it, it is opened without following a link.
        self.folder = "/" + folderNames.dropLast().joined(separator: "/")
        names = [String(last)] + name.split(separator: "/").map(String.init)
    }

    /// The whole path.
    var text: String { (folder == "/" ? "" : folder) + "/" + names.joined(separator: "/") }

    private static func check(
        _ text: String,
        _ field: String,
        isAbsolute: Bool
    ) throws(PodServiceError) {
        guard text.hasPrefix("/") == isAbsolute else {
            throw refusal(
                text,
                field,
                isAbsolute ? "does not begin with a slash" : "is not a path below the log_directory"
            )
        }
        let parts = text.split(separator: "/")
        guard !parts.contains(where: { $0 == ".." || $0 == "." }) else {
            throw refusal(text, field, "holds \".\" or \"..\"")
        }
        guard isAbsolute || parts.joined(separator: "/") == text else {
            throw refusal(text, field, "has an empty part")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw refusal(text, field, "holds a control character")
        }
        guard text.utf8.count < 4096, parts.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw refusal(text, field, "is longer than a path can be")
        }
    }

    private static func refusal(_ text: String, _ field: String, _ reason: String) -> PodServiceError {
        let shown = String(
            String.UnicodeScalarView(
                PodServiceError.shortened(text).unicodeScalars.map {
                    $0.value < 0x20 || $0.value == 0x7F ? "?" : $0
                }
            )
        )
        return PodServiceError(.invalidArgument, "the \(field) \"\(shown)\" \(reason)")
    }
}
