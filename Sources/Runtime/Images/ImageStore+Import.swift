// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import ImageFormats
import LinuxSystem

extension ImageStore {
    /// Takes a copy of a local file into the store.
    ///
    /// `progress`: is told of it several times a second, on another thread.
    /// - Throws: `refused` where it is not an image, or not of the digest that the name demands (`digestMismatch`).
    public func importFile(
        _ path: String,
        as reference: ImageReference,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(ImageError) -> StoredImage {
        let operation = "import \(path)"
        // A name of its own: two imports do not meet.
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let partPath = "\(partialFolder)/import-\(getpid())-\(random).part"
        let copied = await onThreadOfItsOwn { flag -> Result<(PartialFile, ImageDigest), ImageError> in
            do throws(ImageError) {
                let part = try self.openPart(partPath, flag) {}
                do throws(ImageError) {
                    try Self.copy(path, into: part, operation, flag, progress)
                    return .success((part, try part.finish()))
                } catch {
                    part.remove()
                    throw error
                }
            } catch {
                return .failure(error)
            }
        }
        let (part, digest) = try copied.get()
        do throws(ImageError) {
            if let expected = reference.digest, expected != digest {
                throw ImageError(.digestMismatch, operation, "its digest is \(digest), not \(expected)")
            }
            let header = try await examine(part, as: path, progress)
            // The operator gives it to everybody on this node.
            let access = NameRecord.Access(isPulled: reference.digest != nil, isPublic: true)
            return try commit(part, digest, header, names: [reference], origin: nil, access: access)
        } catch {
            part.remove()
            throw error
        }
    }

    func openPart(
        _ path: String,
        _ flag: CancelFlag,
        waiting: () -> Void
    ) throws(ImageError) -> PartialFile {
        try PartialFile.open(
            path,
            reserve: settings.reservedBytes,
            mostBytes: settings.limits.mostBytes,
            isStopped: { flag.isSet },
            waiting: waiting
        )
    }

    func examine(
        _ part: PartialFile,
        as name: String,
        _ progress: @Sendable (PullProgress) -> Void
    ) async throws(ImageError) -> ImageHeader {
        progress(PullProgress(phase: .checking, received: part.received, total: part.received))
        let examination = ImageExamination(qemuImg: settings.qemuImg, limits: settings.limits)
        do throws(ImageError) {
            return try await examination.examine(part.path, as: name, depth: .tables)
        } catch {
            if Task.isCancelled { throw ImageError(.cancelled, "examine \(name)", "it was cancelled") }
            throw error
        }
    }

    private static func copy(
        _ path: String,
        into part: PartialFile,
        _ operation: String,
        _ flag: CancelFlag,
        _ progress: @Sendable (PullProgress) -> Void
    ) throws(ImageError) {
        do {
            let file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK)
            var status = stat()
            guard fstat(file.raw, &status) == 0, clinux_is_regular(status.st_mode) != 0 else {
                throw ImageError(.refused, operation, "it is not a file")
            }
            let total = UInt64(clamping: status.st_size)
            try part.restart(validator: nil, total: total)
            var chunk = [UInt8](repeating: 0, count: 1 << 20)
            var rounds = 0
            while true {
                if flag.isSet { throw ImageError(.cancelled, operation, "it was cancelled") }
                let count = chunk.withUnsafeMutableBytes { read(file.raw, $0.baseAddress, $0.count) }
                if count < 0, clinux_errno() == EINTR { continue }
                guard count >= 0 else { throw SystemError("read", path, errno: clinux_errno()) }
                if count == 0 { return }
                try chunk.withUnsafeBytes { try part.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                rounds += 1
                if rounds.isMultiple(of: 64) {
                    progress(PullProgress(phase: .loading, received: part.received, total: total))
                }
            }
        } catch let error as ImageError {
            throw error
        } catch let error as SystemError {
            throw ImageError(.system, operation, error.message)
        } catch {
            throw ImageError(.system, operation, "\(error)")
        }
    }
}
