// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import DomainXML
public import HostPrograms
import JSON

extension Image {
    /// Examines an image: its format, and that it is whole by itself.
    ///
    /// An image that names other files could make QEMU read whatever its author likes.
    /// - Throws: Where it cannot be used, with what to do.
    public init(checking path: String, by qemuImg: HostProgram) async throws(MachineError) {
        let operation = "use the image \(path)"
        guard path.hasPrefix("/") else { throw MachineError(operation, "the path is not absolute") }
        try Self.checkReadable(path, operation)
        let text: String
        do throws(HostProgramError) {
            // -U: another machine may have the image open.
            text = try await qemuImg.succeed(["info", "-U", "--output=json", "--", path], seconds: 30)
        } catch {
            throw MachineError(operation, error.reason)
        }
        do throws(JSONError) {
            format = try Self.format(of: text)
        } catch {
            throw MachineError(operation, error.message)
        }
        self.path = path
    }

    /// Reads what `qemu-img info --output=json` wrote.
    static func format(of text: String) throws(JSONError) -> Domain.Format {
        let fields = try JSONFields(JSONValue(parsing: Array(text.utf8)))
        for key in ["backing-filename", "full-backing-filename"] where fields.value(key) != nil {
            throw fields.error(key, "the image lies on another one; flatten it: qemu-img convert -O qcow2")
        }
        if let details = try fields.optionalFields("format-specific")?.optionalFields("data"),
            details.value("data-file") != nil
        {
            throw details.error("data-file", "the image's data lie in another file")
        }
        let name = try fields.string("format")
        guard let format = Domain.Format(rawValue: name) else {
            throw fields.error(
                "format",
                "\"\(name)\" is neither qcow2 nor raw; convert it: qemu-img convert -O qcow2"
            )
        }
        return format
    }

    /// QEMU runs under a user of its own, so the image must be readable and its folders searchable by all.
    private static func checkReadable(_ path: String, _ operation: String) throws(MachineError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw MachineError(operation, String(cString: clinux_strerror(clinux_errno())))
        }
        guard clinux_is_regular(status.st_mode) != 0 else { throw MachineError(operation, "it is no file") }
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
