// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON

/// The only writer to standard output.
///
/// Descriptor 1 is pointed at standard error, so that whatever else prints can't spoil the document.
final class ResultWriter {
    private let output: Int32
    private var crashDocument: (version: CNIVersion, text: UnsafeMutablePointer<CChar>)?

    init() {
        let copy = clinux_duplicate(1)
        output = copy < 0 ? 1 : copy
        if copy >= 0 { dup2(2, 1) }
        installCrashDocument(version: .newest)
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
    /// - Returns: 0, or the errno value of a write that failed.
    @discardableResult
    func write(_ document: JSONValue) -> Int32 {
        var text = document.serialized()
        text.append(0x0A)
        return Self.write(text, to: output)
    }

    static func writeError(_ text: String) { write(Array(text.utf8), to: 2) }

    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                CLinux.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if written < 0 {
                let failure = clinux_errno()
                if failure != EINTR { return failure }
            }
            offset += max(0, written)
        }
        return 0
    }
}
