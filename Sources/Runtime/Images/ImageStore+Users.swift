// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import ImageFormats
import JSON
import LinuxSystem

/// Who uses an image, like a container's id: 1 to 128 letters, digits, `_`, `.` and `-`, not beginning with a dot.
public struct ImageUser: Hashable, Sendable, CustomStringConvertible {
    /// The id.
    public let description: String

    /// Parses an id; nil where it is none.
    public init?(_ text: String) {
        guard (1...128).contains(text.utf8.count), !text.hasPrefix("."),
            text.utf8.allSatisfy({ ByteSet.word.contains($0) || $0 == 45 || $0 == 46 })
        else { return nil }
        description = text
    }
}

extension ImageStore {
    var usersFolder: String { "\(settings.folder)/users" }

    private func userPath(_ user: ImageUser) -> String { "\(usersFolder)/\(user).json" }

    /// Notes that somebody uses an image, durably and for all processes: its content stays until the user is released.
    ///
    /// A user has one image; noting another one replaces it.
    /// - Returns: The image; nil where the store doesn't have it, and then nothing is noted.
    public func use(_ selector: ImageSelector, by user: ImageUser) throws(ImageError) -> StoredImage? {
        try locked("use an image for \(user)") { () throws(SystemError) in
            guard let image = try find(selector) else { return nil }
            let record = JSONObject([("schema", .integer(1)), ("image", .string(image.digest.description))])
            try write(.object(record), to: userPath(user))
            return image
        }
    }

    /// Forgets that somebody uses an image; nothing else is removed before the next collection.
    public func release(_ user: ImageUser) throws(ImageError) {
        try locked("release the image of \(user)") { () throws(SystemError) in
            try Files.remove(userPath(user))
        }
    }

    /// All who use images, with what they use.
    public func allUsers() throws(ImageError) -> [ImageUser: ImageDigest] {
        let operation = "read who uses images"
        var found: [ImageUser: ImageDigest] = [:]
        do throws(SystemError) {
            for file in try Files.list(usersFolder) where file.hasSuffix(".json") {
                guard let user = ImageUser(String(file.dropLast(".json".count))) else { continue }
                let path = userPath(user)
                guard let bytes = try Files.read(path) else { continue }
                let record = (try? JSONValue(parsing: bytes))?.object
                guard record?["schema"]?.integer == 1,
                    let digest = record?["image"]?.string.flatMap({ ImageDigest($0) })
                else {
                    // Nobody knows what it used: nothing may be removed.
                    throw SystemError("read the image in", path, errno: EBADMSG)
                }
                found[user] = digest
            }
        } catch {
            throw ImageError(.system, operation, error.message)
        }
        return found
    }

    /// The images that may not be removed.
    func used() throws(ImageError) -> Set<ImageDigest> { Set(try allUsers().values) }
}
