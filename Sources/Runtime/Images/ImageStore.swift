// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import ImageFormats
import JSON
import LinuxSystem

/// The images of a node: content under its digest, and names that lead to it.
///
/// Everything is written so that a process may die at any point: content comes first, then what is written down
/// about it, then names; each by rename(2) of a synchronised file. Changes are made under the store's lock, across
/// processes. Content without a name is nobody's, and the next collection removes it.
public final class ImageStore: Sendable {
    /// Where it is and what is allowed.
    public let settings: ImageSettings

    /// The store in a folder, which is made where it is missing.
    public init(_ settings: ImageSettings) throws(ImageError) {
        self.settings = settings
        do throws(SystemError) {
            try Files.makeFolder(settings.folder, mode: 0o711)
            // QEMU runs under a user of its own and opens images by path; nobody but us lists them.
            for folder in [dataFolder, partialFolder] { try Files.makeFolder(folder, mode: 0o711) }
            for folder in [recordsFolder, namesFolder, usersFolder] {
                try Files.makeFolder(folder, mode: 0o700)
            }
        } catch {
            throw ImageError(.system, "make the image store", error.message)
        }
    }

    var dataFolder: String { "\(settings.folder)/data" }
    var recordsFolder: String { "\(settings.folder)/images" }
    var namesFolder: String { "\(settings.folder)/names" }
    var partialFolder: String { "\(settings.folder)/partial" }

    func dataPath(_ digest: ImageDigest) -> String { "\(dataFolder)/\(digest.hex)" }
    func recordPath(_ digest: ImageDigest) -> String { "\(recordsFolder)/\(digest.hex).json" }
    func namePath(_ reference: ImageReference) -> String {
        "\(namesFolder)/\(ImageDigest(of: Array(reference.description.utf8)).hex).json"
    }

    /// Runs a body under the store's lock: nothing is changed meanwhile.
    func locked<Value>(
        _ operation: String,
        _ body: () throws(SystemError) -> Value
    ) throws(ImageError) -> Value {
        do throws(SystemError) {
            let lock = try FileLock("\(settings.folder)/lock", deadline: monotonicMicroseconds() + 60_000_000)
            defer { lock.unlock() }
            return try body()
        } catch {
            throw ImageError(
                error.errno == ENOSPC || error.errno == EDQUOT ? .noSpace : .system,
                operation,
                error.message,
                advice: error.errno == ETIMEDOUT
                    ? "Another process works on the image store: try again." : nil
            )
        }
    }

    // MARK: reading

    /// All images, by digest.
    public func list() throws(ImageError) -> [StoredImage] {
        try reading { () throws(SystemError) in
            let names = try nameRecords()
            var images: [StoredImage] = []
            for digest in try digests() {
                if let image = try image(digest, names) { images.append(image) }
            }
            return images
        }
    }

    /// An image; nil where the store doesn't have it.
    public func image(_ selector: ImageSelector) throws(ImageError) -> StoredImage? {
        try reading { () throws(SystemError) in try find(selector) }
    }

    func find(_ selector: ImageSelector) throws(SystemError) -> StoredImage? {
        let names = try nameRecords()
        switch selector {
        case .digest(let digest): return try image(digest, names)
        case .reference(let reference):
            let record =
                names.first { $0.reference == reference }
                // A digest names what any tag of the same name led to.
                ?? names.first { $0.reference.name == reference.name && $0.image == reference.digest }
            guard let record else { return nil }
            return try image(record.image, names)
        }
    }

    private func reading<Value>(_ body: () throws(SystemError) -> Value) throws(ImageError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw ImageError(.system, "read the image store", error.message)
        }
    }

    func digests() throws(SystemError) -> [ImageDigest] {
        try Files.list(dataFolder).compactMap { ImageDigest(hex: $0) }
    }

    func nameRecords() throws(SystemError) -> [NameRecord] {
        var records: [NameRecord] = []
        for file in try Files.list(namesFolder) {
            guard let record = try nameRecord("\(namesFolder)/\(file)") else { continue }
            records.append(record)
        }
        return records.sorted { $0.reference.description < $1.reference.description }
    }

    /// What a name's file says; nil where there is none, or it is spoiled: then the name leads nowhere.
    func nameRecord(_ path: String) throws(SystemError) -> NameRecord? {
        guard let bytes = try Files.read(path), let json = try? JSONValue(parsing: bytes),
            let record = try? NameRecord(json: json), namePath(record.reference) == path
        else { return nil }
        return record
    }

    func record(_ digest: ImageDigest) throws(SystemError) -> ImageRecord? {
        guard let bytes = try Files.read(recordPath(digest)), let json = try? JSONValue(parsing: bytes) else {
            return nil
        }
        return try? ImageRecord(json: json)
    }

    func image(_ digest: ImageDigest, _ names: [NameRecord]) throws(SystemError) -> StoredImage? {
        guard let record = try record(digest) else { return nil }
        var status = stat()
        // A file that was cut from outside is not an image any more.
        guard stat(dataPath(digest), &status) == 0, UInt64(clamping: status.st_size) == record.size else {
            return nil
        }
        let own = names.filter { $0.image == digest }
        return StoredImage(
            digest: digest,
            names: own.map(\.reference),
            pulledNames: own.filter(\.access.isPulled).map(\.reference),
            path: dataPath(digest),
            size: record.size,
            virtualSize: record.virtualSize,
            format: record.format,
            isPinned: record.isPinned
        )
    }

    /// What the store takes on its file system: its own files alone.
    public func usage() throws(ImageError) -> ImageUsage {
        var (bytes, inodes): (UInt64, UInt64) = (0, 0)
        func count(_ path: String) {
            var status = stat()
            // What vanishes meanwhile takes nothing.
            guard lstat(path, &status) == 0 else { return }
            bytes += UInt64(clamping: status.st_blocks) * 512
            inodes += 1
        }
        try reading { () throws(SystemError) in
            count(settings.folder)
            for folder in [dataFolder, recordsFolder, namesFolder, partialFolder, usersFolder] {
                count(folder)
                for name in try allNames(in: folder) { count("\(folder)/\(name)") }
            }
        }
        return ImageUsage(folder: settings.folder, usedBytes: bytes, usedInodes: inodes)
    }
}

/// All names in a folder, those that begin with a dot, too.
func allNames(in path: String) throws(SystemError) -> [String] {
    guard let directory = opendir(path) else {
        let failure = clinux_errno()
        if failure == ENOENT { return [] }
        throw SystemError("list", path, errno: failure)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = String(cString: clinux_entry_name(entry))
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
