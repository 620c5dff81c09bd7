// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import ImageFormats
import JSON
import LinuxSystem

extension ImageStore {
    /// What becomes of an image that is in use when its last name is removed.
    public enum InUse: Hashable, Sendable {
        /// It keeps its name, and the removal fails.
        case refuse
        /// It loses its name, and goes when nobody uses it any more.
        case keepContent
    }

    /// Removes a name, or all names of an id, and the content where nobody else needs it.
    ///
    /// - Returns: Whether there was something to remove.
    /// - Throws: `inUse` where the image is in use and may not lose its last name.
    @discardableResult
    public func remove(_ selector: ImageSelector, ifInUse: InUse) throws(ImageError) -> Bool {
        let text =
            switch selector {
            case .digest(let digest): digest.description
            case .reference(let reference): reference.description
            }
        let operation = "remove the image \(text)"
        // Without knowing who uses what, nothing is removed.
        let used = try self.used()
        let outcome = try locked(operation) { () throws(SystemError) -> Bool? in
            // Asked again under the lock: a machine may have come meanwhile.
            let used = (try? self.used()) ?? used
            var records = try nameRecords()
            let going: [NameRecord]
            let digest: ImageDigest
            switch selector {
            case .digest(let id):
                guard try image(id, []) != nil else { return false }
                (digest, going) = (id, records.filter { $0.image == id })
            case .reference(let reference):
                going = records.filter {
                    $0.reference == reference
                        || $0.reference.name == reference.name && $0.image == reference.digest
                }
                guard let first = going.first else { return false }
                digest = first.image
            }
            records.removeAll { going.contains($0) }
            if ifInUse == .refuse, used.contains(digest), !records.contains(where: { $0.image == digest }) {
                return nil
            }
            for record in going { try Files.remove(namePath(record.reference)) }
            try synchronise(namesFolder)
            try unpin(digest, records)
            _ = try removeIfUnused(digest, names: records, used: used)
            return true
        }
        guard let outcome else {
            throw ImageError(.inUse, operation, "a machine uses it", advice: "Remove the machine first.")
        }
        return outcome
    }

    /// Keeps an image from collection, or lets it go again.
    /// - Returns: Whether there is such an image.
    @discardableResult
    public func setPinned(_ isPinned: Bool, _ selector: ImageSelector) throws(ImageError) -> Bool {
        guard let digest = try image(selector)?.digest else { return false }
        return try locked("pin the image \(digest)") { () throws(SystemError) in
            guard var record = try record(digest) else { return false }
            record.isPinned = isPinned
            try write(record.json, to: recordPath(digest))
            return true
        }
    }

    /// Removes content that nobody names, pins or uses, and what processes left that ended too early.
    ///
    /// Files that a running process works with are left alone, whatever process it is. What was loaded in part is kept
    /// for a while, for whoever asks for it again.
    /// `allPartials`: Removes these, too.
    @discardableResult
    public func collect(allPartials: Bool = false) throws(ImageError) -> CollectedImages {
        let operation = "collect images"
        // Without knowing who uses what, nothing is removed.
        _ = try used()
        return try locked(operation) { () throws(SystemError) in
            var collected = CollectedImages()
            if let used = try? self.used(), try !hasNewerRecords() {
                try dropSpoiledNames(&collected)
                let names = try nameRecords()
                for digest in try digests() {
                    guard let bytes = try removeIfUnused(digest, names: names, used: used) else { continue }
                    collected.images.append(digest)
                    collected.bytes += bytes
                }
                try dropLostRecords(&collected)
            }
            try sweep(&collected, allPartials: allPartials)
            return collected
        }
    }

    /// Whether a newer version wrote records here: what their names lead to can't be known, and nothing may be removed.
    private func hasNewerRecords() throws(SystemError) -> Bool {
        for (folder, schema) in [(namesFolder, NameRecord.schema), (recordsFolder, ImageRecord.schema)] {
            for file in try Files.list(folder) {
                guard let bytes = try Files.read("\(folder)/\(file)"),
                    let number = (try? JSONValue(parsing: bytes))?.object?["schema"]?.integer
                else { continue }
                if number > schema { return true }
            }
        }
        return false
    }

    private func unpin(_ digest: ImageDigest, _ names: [NameRecord]) throws(SystemError) {
        // Whoever removes the last name of a pinned image means the image.
        guard !names.contains(where: { $0.image == digest }), var record = try record(digest), record.isPinned
        else { return }
        record.isPinned = false
        try write(record.json, to: recordPath(digest))
    }

    /// Removes content that has neither name, pin nor user.
    /// - Returns: Its bytes; nil where it stays.
    func removeIfUnused(
        _ digest: ImageDigest,
        names: [NameRecord],
        used: Set<ImageDigest>
    ) throws(SystemError) -> UInt64? {
        guard !used.contains(digest), !names.contains(where: { $0.image == digest }) else { return nil }
        guard try record(digest)?.isPinned != true else { return nil }
        var status = stat()
        let size = stat(dataPath(digest), &status) == 0 ? UInt64(clamping: status.st_size) : 0
        try Files.remove(dataPath(digest))
        try Files.remove(recordPath(digest))
        return size
    }

    /// Names whose content has gone, or whose file is spoiled, lead nowhere.
    private func dropSpoiledNames(_ collected: inout CollectedImages) throws(SystemError) {
        for file in try Files.list(namesFolder) {
            let path = "\(namesFolder)/\(file)"
            if let record = try nameRecord(path), try image(record.image, []) != nil { continue }
            try Files.remove(path)
            collected.leftovers += 1
        }
    }

    private func dropLostRecords(_ collected: inout CollectedImages) throws(SystemError) {
        let kept = Set(try digests().map { "\($0.hex).json" })
        for file in try Files.list(recordsFolder) where !kept.contains(file) {
            try Files.remove("\(recordsFolder)/\(file)")
            collected.leftovers += 1
        }
    }

    /// Removes what killed processes left: temporary files, and partial files that nobody works with.
    private func sweep(_ collected: inout CollectedImages, allPartials: Bool) throws(SystemError) {
        // Temporary files are written under the lock, which is ours.
        for folder in [recordsFolder, namesFolder, usersFolder] {
            for name in try allNames(in: folder) where name.hasPrefix(".") && name.hasSuffix(".new") {
                try Files.remove("\(folder)/\(name)")
                collected.leftovers += 1
            }
        }
        let names = try allNames(in: partialFolder)
        for name in names where name.hasSuffix(".part") {
            let path = "\(partialFolder)/\(name)"
            guard allPartials || !isWorthKeeping(path) else { continue }
            let isGone = try PartialFile.ifFree(path) { () throws(SystemError) in
                try Files.remove("\(path).json")
                try Files.removeTemporary(of: "\(path).json")
                try Files.remove(path)
            }
            if isGone { collected.leftovers += 1 }
        }
        for name in names where name.hasSuffix(".part.json") {
            guard !names.contains(String(name.dropLast(".json".count))) else { continue }
            try Files.remove("\(partialFolder)/\(name)")
            collected.leftovers += 1
        }
    }

    /// Whether a download can be continued, and somebody may still want to.
    private func isWorthKeeping(_ path: String) -> Bool {
        var (part, record) = (stat(), stat())
        guard stat(path, &part) == 0, stat("\(path).json", &record) == 0, part.st_size > 0 else {
            return false
        }
        let age = Int64(time(nil)) - clinux_modified_nanoseconds(&part) / 1_000_000_000
        return age <= settings.partialSeconds
    }
}
