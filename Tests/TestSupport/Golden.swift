// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Texts that are kept in files and compared byte for byte.
public struct Golden: Sendable {
    private let folder: String

    /// The folder `Golden` beside a test's source file.
    public init(beside file: String = #filePath) {
        folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden").path
    }

    /// A text that another build wrote: it is never recorded anew.
    public func kept(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")), as: UTF8.self)
    }

    /// A kept text.
    ///
    /// With CONTRAIL_VM_RECORD_GOLDEN set, the new text is kept instead and returned: look at the difference
    /// before it is committed.
    public func text(_ name: String, now text: String) throws -> String {
        let path = "\(folder)/\(name)"
        if ProcessInfo.processInfo.environment["CONTRAIL_VM_RECORD_GOLDEN"] != nil {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        return try kept(name)
    }
}
