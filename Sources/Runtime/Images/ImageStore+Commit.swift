// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import ImageFormats
import JSON
import LinuxSystem

extension ImageStore {
    /// Puts content in its place and lets names lead to it.
    func commit(
        _ part: PartialFile,
        _ digest: ImageDigest,
        _ header: ImageHeader,
        names: [ImageReference],
        origin: NameRecord.Origin?,
        access: NameRecord.Access
    ) throws(ImageError) -> StoredImage {
        let stored = try locked("store the image \(digest)") { () throws(SystemError) in
            let isPinned = try record(digest)?.isPinned ?? false
            try part.move(to: dataPath(digest))
            try synchronise(dataFolder)
            let record = ImageRecord(
                size: part.received,
                virtualSize: header.virtualSize,
                format: header.format,
                isPinned: isPinned
            )
            try write(record.json, to: recordPath(digest))
            try link(names, to: digest, origin, access)
            return try image(digest, nameRecords())
        }
        guard let stored else {
            throw ImageError(.system, "store the image \(digest)", "its file was changed from outside")
        }
        return stored
    }

    /// Lets names lead to an image that is there; nil where it is not.
    func link(
        _ names: [ImageReference],
        to digest: ImageDigest,
        origin: NameRecord.Origin?,
        access: NameRecord.Access
    ) throws(ImageError) -> StoredImage? {
        try locked("name the image \(digest)") { () throws(SystemError) in
            guard try image(digest, []) != nil else { return nil }
            try link(names, to: digest, origin, access)
            return try image(digest, nameRecords())
        }
    }

    /// Under the lock; content that lost its last name by this goes, unless it is in use.
    private func link(
        _ names: [ImageReference],
        to digest: ImageDigest,
        _ origin: NameRecord.Origin?,
        _ access: NameRecord.Access
    ) throws(SystemError) {
        var former: Set<ImageDigest> = []
        for name in names {
            let path = namePath(name)
            let old = try nameRecord(path)
            if let old, old.image != digest { former.insert(old.image) }
            let same = old?.image == digest ? old : nil
            let record = NameRecord(
                reference: name,
                image: digest,
                origin: origin ?? same?.origin,
                // What was once to be had without credentials is not a secret any more.
                access: NameRecord.Access(
                    isPulled: access.isPulled || same?.access.isPulled == true,
                    isPublic: access.isPublic || same?.access.isPublic == true
                )
            )
            if old != record { try write(record.json, to: path) }
        }
        guard !former.isEmpty, let used = try? self.used() else { return }
        let records = try nameRecords()
        for digest in former { _ = try removeIfUnused(digest, names: records, used: used) }
    }

    /// What a name, under any tag, had by a digest, if the store still has it.
    func records(
        of reference: ImageReference,
        _ digest: ImageDigest
    ) throws(ImageError) -> [NameRecord] {
        do throws(SystemError) {
            guard try image(digest, []) != nil else { return [] }
            return try nameRecords().filter { $0.reference.name == reference.name && $0.image == digest }
        } catch {
            throw ImageError(.system, "read the image store", error.message)
        }
    }

    /// What is known of a URL's content, if the store still has it.
    ///
    /// Asked under the store's lock: another process that has just moved its part away is about to name it.
    func known(_ url: ImageDigest, expecting digest: ImageDigest?) throws(ImageError) -> NameRecord? {
        try locked("read the image store") { () throws(SystemError) -> NameRecord? in
            for record in try nameRecords() where record.origin?.url == url {
                guard digest == nil || digest == record.image, try image(record.image, []) != nil else {
                    continue
                }
                return record
            }
            return nil
        }
    }

    func write(_ json: JSONValue, to path: String) throws(SystemError) {
        try Files.write(json.serialized(), to: path, isDurable: true)
    }

    func synchronise(_ folder: String) throws(SystemError) {
        let file = try FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY)
        guard fsync(file.raw) == 0 else { throw SystemError("synchronise", folder, errno: clinux_errno()) }
    }
}
