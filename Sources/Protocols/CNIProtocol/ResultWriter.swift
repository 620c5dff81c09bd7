// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON

/// The only writer to standard output.
///
/// Descriptor 1 is pointed at standard error, so that whatever else prints can't spoil the document.
final class ResultWriter {
    private let output: Int32
    /// Whether a part of a document stands there that can't be taken back.
    private var isSpoiled = false
    private var crashDocument: (version: CNIVersion, text: UnsafeMutablePointer<CChar>)?

    init() {
        // What can't be written is reported to us, so that it can be undone; it must not end the process.
        clinux_report_failed_writes()
        let copy = clinux_duplicate(1)
        // Without a copy, as where no more descriptors are granted, the document goes to where it always goes.
        output = copy < 0 && clinux_errno() != EBADF ? 1 : copy
        // Where descriptors are closed, what is opened next would become standard output and standard error.
        if output < 0 || (output != 1 && dup2(2, 1) < 0) { Self.fillStandardDescriptors() }
        installCrashDocument(version: .newest)
    }

    /// Puts /dev/null in the place of standard descriptors that are closed, and of standard output.
    private static func fillStandardDescriptors() {
        let null = "/dev/null".withCString { clinux_open($0, O_RDWR, 0) }
        guard null >= 0 else { return }
        var status = stat()
        for descriptor in Int32(0)...2 where descriptor == 1 || fstat(descriptor, &status) != 0 {
            if descriptor != null { dup2(null, descriptor) }
        }
        if null > 2 { close(null) }
    }

    /// Sees to it that even a trap prints an error document, in a version.
    func installCrashDocument(version: CNIVersion) {
        guard crashDocument?.version != version else { return }
        let error = CNIError(
            .internal,
            "the plugin crashed; this is a bug: please report it with the plugin's log and the configuration"
        )
        var text = error.json(version: version).serialized()
        text.append(0x0A)
        let document = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
        text.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: document, count: $0.count).copyMemory(from: $0)
        }
        clinux_install_crash_document(output, document, text.count)
        // The handler reads it until the next one is installed.
        crashDocument?.text.deallocate()
        crashDocument = (version, document)
    }

    /// Writes one document and a newline.
    ///
    /// Of a document that does not go out whole nothing stays, where that can be done; else nothing more is written.
    ///
    /// - Returns: 0, or the errno value of a write that failed.
    @discardableResult
    func write(_ document: JSONValue) -> Int32 {
        guard output >= 0, !isSpoiled else { return EBADF }
        var text = document.serialized()
        text.append(0x0A)
        let (failure, written) = Self.write(text, to: output)
        if failure != 0, written > 0 { isSpoiled = clinux_take_back(output, written) < 0 }
        return failure
    }

    /// Writes an error document; where standard output does not take it, to standard error.
    func writeError(_ document: JSONValue) {
        guard write(document) != 0 else { return }
        var text = document.serialized()
        text.append(0x0A)
        _ = Self.write(text, to: 2)
    }

    static func writeError(_ text: String) { _ = write(Array(text.utf8), to: 2) }

    /// The longest that a reader may leave a pipe full that must not be waited for, in milliseconds.
    private static let patience: Int32 = 5000

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> (failure: Int32, written: Int) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                CLinux.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if written < 0 {
                let failure = clinux_errno()
                if failure == EINTR { continue }
                var target = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if failure == EAGAIN, poll(&target, 1, patience) > 0 { continue }
                return (failure, offset)
            }
            offset += written
        }
        return (0, offset)
    }
}
