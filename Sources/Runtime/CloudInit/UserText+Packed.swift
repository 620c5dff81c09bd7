// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension UserText {
    /// The text that bytes are: as they are, packed by gzip, or packed by gzip and then written in base64.
    ///
    /// - Throws: What is wrong with them, by their source.
    public init(packed bytes: [UInt8], from source: String) throws(CloudInitError) {
        let operation = "read the user-data of \(source)"
        var bytes = bytes
        // What begins so is gzip in base64: no form of user-data does.
        if bytes.starts(with: "H4sI".utf8) {
            guard let decoded = Self.base64(bytes) else {
                throw CloudInitError(
                    operation: operation,
                    reason: "it begins as gzip in base64 does, and a character of it is not of base64"
                )
            }
            bytes = decoded
        }
        if GZip.isGZip(bytes) {
            do throws(GZip.Failure) {
                bytes = try GZip.unpacked(bytes, limit: Self.mostBytes)
            } catch {
                let reason =
                    switch error {
                    case .damaged: "its gzip is damaged or cut short: pack it anew"
                    case .tooLarge: "it is longer than \(Self.mostBytes) bytes when it is unpacked"
                    }
                throw CloudInitError(operation: operation, reason: reason)
            }
        }
        guard bytes.count <= Self.mostBytes else {
            throw CloudInitError(operation: operation, reason: "it is longer than \(Self.mostBytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw CloudInitError(
                operation: operation,
                reason: "it is neither UTF-8 text nor gzip, so that no part of it can be read"
            )
        }
        self.init(text, from: source)
    }

    /// What base64 stands for; lines may be broken anywhere.
    private static func base64(_ bytes: [UInt8]) -> [UInt8]? {
        Data(base64Encoded: Data(bytes.filter { !" \t\r\n".utf8.contains($0) })).map { [UInt8]($0) }
    }
}
