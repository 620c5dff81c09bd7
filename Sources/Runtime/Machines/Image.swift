// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import DomainXML
public import HostPrograms
import ImageFormats

/// A disk image that machines are made from; it is never written.
public struct Image: Hashable, Sendable {
    /// The file's absolute path.
    public var path: String
    /// Its format.
    public var format: Domain.Format

    /// An image.
    public init(path: String, format: Domain.Format) {
        self.path = path
        self.format = format
    }
}

extension Image {
    /// Examines an image: its format, and that it is whole by itself.
    ///
    /// An image that names other files could make QEMU read whatever its author likes.
    /// - Throws: Where it cannot be used, with what to do.
    public init(checking path: String, by qemuImg: HostProgram) async throws(MachineError) {
        let operation = "use the image \(path)"
        guard path.hasPrefix("/") else { throw MachineError(operation, "the path is not absolute") }
        try Self.checkReadable(path, operation)
        do throws(ImageError) {
            var limits = ImageLimits()
            // The store, or the operator who names a file, has said that it is a disk.
            limits.takesUnknown = true
            let header = try await ImageExamination(qemuImg: qemuImg, limits: limits)
                .examine(path, depth: .header)
            self.init(path: path, format: Domain.Format(header.format))
        } catch {
            throw MachineError(operation, error.cause, advice: error.advice)
        }
    }

    /// QEMU runs under a user of its own, so the image must be readable and its folders searchable by all.
    private static func checkReadable(_ path: String, _ operation: String) throws(MachineError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw MachineError(operation, String(cString: clinux_strerror(clinux_errno())))
        }
        guard clinux_is_regular(status.st_mode) != 0 else {
            throw MachineError(operation, "it is not a file")
        }
        guard status.st_mode & 0o004 != 0 else {
            throw MachineError(
                operation,
                "QEMU, which runs under a user of its own, may not read it",
                advice: "Let all users read it: chmod o+r \(path)"
            )
        }
        var folder = path
        while let slash = folder.lastIndex(of: "/"), slash != folder.startIndex {
            folder = String(folder[..<slash])
            guard stat(folder, &status) == 0, status.st_mode & 0o001 != 0 else {
                throw MachineError(
                    operation,
                    "QEMU, which runs under a user of its own, may not pass the folder \(folder)",
                    advice: "Let all users pass it (chmod o+x \(folder)), or put the image elsewhere."
                )
            }
        }
    }
}

extension Domain.Format {
    /// The format of an image.
    init(_ format: ImageFormat) {
        switch format {
        case .qcow2: self = .qcow2
        case .raw: self = .raw
        }
    }
}
